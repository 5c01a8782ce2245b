package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.step.TwoRanks;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class RankAgreementTest {
    private static List<String> told(BiConsumer<RankAgreement, Integer> body) throws Exception {
        return TwoRanks.run(Map.of(), group -> {
            try (var _ = TensorScope.open()) {
                body.accept(new RankAgreement(group), group.rank());
                return "";
            } catch (UserError e) {
                return e.getMessage();
            }
        });
    }

    private static Recipe recipe(String... settings) { return Recipe.find("tests/minimal", List.of(settings)); }

    @Test
    void anotherRecipeIsToldByAll() throws Exception {
        assertThat(told((agreement, rank) -> agreement.requireSame(recipe("stages.fuse.lr.dit=" + (rank + 1) + "e-3"), "")))
                .allSatisfy(said -> assertThat(said).contains("Rank 1 was given another recipe than rank 0", "stages.fuse.lr.dit"));
    }

    @Test
    void otherOptionsAreToldByAll() throws Exception {
        assertThat(told((agreement, rank) -> agreement.requireSame(recipe(), "--max-steps " + rank)))
                .allSatisfy(
                        said -> assertThat(said).contains("Rank 1 was given other options (--max-steps 1) than rank 0 (--max-steps 0)"));
    }

    @Test
    void microBatchesAreLargeEnough() throws Exception {
        assertThat(told((agreement, _) -> agreement.requireSame(recipe("stages.joint.accumulation=4"), "")))
                .allSatisfy(said -> assertThat(said)
                        .contains(
                                "stages.joint: a micro-batch of 1 cannot be shared by 2 processes. Start fewer, or raise its batch to 8"));
    }

    @Test
    void theSameIsFine() throws Exception {
        assertThat(told((agreement, _) -> agreement.requireSame(recipe(), "--out a"))).containsExactly("", "");
    }
}
