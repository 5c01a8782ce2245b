package dev.fusedit.fusion.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.ops.Count;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// That its gradients are right, with checkpointing and in bf16 too, tests [TrainingPassTest] with [#models].
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class DetailHeadTest {
    private static final Prompt PROMPT = Prompt.of(new long[] {2, 7, 9, 11}, new long[] {2, 5});
    private static final DetailHeadConfig HEAD = new DetailHeadConfig(5, 3);

    /// Told the noise level, and not told it.
    static List<ImageModelConfig> models() {
        return List.of(Tiny.with(Tiny.config(), HEAD), Tiny.with(Tiny.config(new Fusion.CrossAttention(), new ImagePositions.Rope2d(),
                new TimeConditioning.None(), 2, 2, 0, new SharedLayers.All()), new DetailHeadConfig(4, 2)));
    }

    private static Tensor predicted(Tiny tiny) { return tiny.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT); }

    private static void zeroLast(Weights weights) {
        try (var _ = Autograd.noGrad()) {
            weights.all().filter(parameter -> parameter.name().startsWith("dit.detail_head.2")).forEach(p -> p.master().zeroInPlace());
        }
    }

    @Test
    void aNewHeadChangesNothingAndATrainedOneDoes() {
        try (var without = Tiny.of(Tiny.config()); var with = Tiny.of(Tiny.with(Tiny.config(), HEAD))) {
            var before = predicted(without);
            assertThat(predicted(with).allClose(before, 0, 1e-3)).isFalse();
            zeroLast(with.weights());
            assertThat(predicted(with).sameValues(before)).isTrue();
        }
        try (var fresh = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            FuseDiT.of(Tiny.with(Tiny.config(), HEAD), fresh);
            assertThat(fresh.parameter("dit.detail_head.2.weight").master().abs().max().item()).isZero();
            assertThat(fresh.parameter("dit.detail_head.0.weight").master().shape()).containsExactly(5, 7, 3, 3);
        }
    }

    /// What a patch shows depends on its neighbour's pixels beyond attention: without any block, on those next to it alone.
    @Test
    void pixelsAcrossAPatchsBorderAreSeen() {
        var config = Tiny.with(Tiny.config(), HEAD).image();
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            var head = DetailHead.of(config, HEAD, weights);
            Tiny.fill(weights);
            var y = Tiny.latents(1);
            Tensor z = Tiny.latents(1).mul(0.5), other = z.copy();
            try (var _ = Autograd.noGrad()) {
                other.narrow(2, 2, 1).narrow(3, 2, 1).fillInPlace(3);
            }
            var ops = Ops.INFERENCE;
            var moved = head.forward(ops, y, head.beside(other, Tiny.times(1), config.time()))
                    .sub(head.forward(ops, y, head.beside(z, Tiny.times(1), config.time()))).abs().sum(false, 0, 1);
            assertThat(moved.select(0, 1).select(0, 1).item()).as("next to it, in another patch").isPositive();
            assertThat(moved.select(0, 5).select(0, 7).item()).as("beyond three convolutions' reach")
                    .isEqualTo(moved.select(0, 0).select(0, 7)
                            .item())
                    .isZero();
        }
    }

    @Test
    void aConfigurationComesBackFromJsonAndAWrongOneIsNamed() {
        for (var config : models()) {
            assertThat(ModelConfigJson.read(ModelConfigJson.json(config), "config.json")).isEqualTo(config);
        }
        assertThat(ModelConfigJson.json(Tiny.config()).has("detail_head")).isFalse();
        refused(head -> head.put("layers", 1), "config.json: detail_head: layers must be at least 2, but is 1");
        refused(head -> head.put("kernel", 5), "config.json: detail_head: the field kernel (5) is not known here");
        refused(head -> head.remove("width"), "config.json: detail_head: width is missing");
    }

    private static void refused(Consumer<ObjectNode> change, String message) {
        JsonNode json = ModelConfigJson.json(models().getFirst());
        change.accept((ObjectNode) json.get("detail_head"));
        assertThatThrownBy(() -> ModelConfigJson.read(json, "config.json")).isInstanceOf(UserError.class).hasMessageContaining(message);
    }

    /// 9 · (7 · 5 + 5 · 5 + 5 · 3) products a pixel, three times in training.
    @Test
    void itsWorkIsCounted() {
        assertThat(flops(Tiny.with(Tiny.config(), HEAD), true) - flops(Tiny.config(), true)).isEqualTo(3 * 2 * 9 * 75 * 48 * 2.0);
        assertThat(flops(Tiny.with(Tiny.config(), HEAD), false) - flops(Tiny.config(), false)).isEqualTo(2 * 9 * 75 * 48 * 2.0);
    }

    private static double flops(FuseDiTConfig config, boolean learns) {
        try (var weights = Weights.shapes()) {
            var model = FuseDiT.of(config, weights);
            weights.train(name -> learns && name.startsWith("dit."));
            var ops = new CountingOps(new Count.Target(DType.F32, true, false));
            model.countImage(ops, new ImageShape(2, 12, 4), false);
            return ops.count().flops();
        }
    }
}
