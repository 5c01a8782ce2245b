package dev.fusedit.trainer.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.align.ContrastiveLoss.Embedded;
import dev.fusedit.trainer.recipe.Losses;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(NoTensorLeaks.class)
class ContrastiveLossTest {
    private static final int ROWS = 8, TOKENS = 5, PLACES = 4, WIDTH = 6, TEXT_WIDTH = 10;
    private static final List<String> CAPTIONS = List.of("a", "b", "c", "", "e", "a", "g", "h");
    private static final int[] LENGTHS = {5, 3, 4, 1, 2, 5, 5, 4};
    private static final boolean[] COMPARED = {true, true, true, false, true, true, false, true};

    private final Weights weights = Weights.fresh(Seed.of(5), DTypePolicy.F64);

    @AfterEach
    void close() { weights.close(); }

    private ContrastiveLoss loss(Losses.Comparison kind, boolean intoLlm) {
        var recipe = new Losses.Contrastive(0.1, kind, 1, 7, 0.5, 100, Losses.Negatives.GLOBAL, intoLlm);
        var loss = new ContrastiveLoss(recipe, ContrastiveLoss.Heads.of(recipe, WIDTH, TEXT_WIDTH, weights.in("alignment")));
        weights.train(_ -> true);
        return loss;
    }

    private static Tensor images() { return Tensor.randn(Seed.of(1), DType.F64, ROWS, PLACES, WIDTH); }

    private static Tensor texts() { return Tensor.randn(Seed.of(2), DType.F64, ROWS, TOKENS, TEXT_WIDTH); }

    private static Embedded part(ContrastiveLoss loss, Tensor images, Tensor texts, int from, int to) {
        return loss.embed(images.narrow(0, from, to - from), texts.narrow(0, from, to - from), Arrays.copyOfRange(LENGTHS, from, to),
                CAPTIONS.subList(from, to), Arrays.copyOfRange(COMPARED, from, to));
    }

    private Map<String, double[]> gradients() {
        var gradients = new LinkedHashMap<String, double[]>();
        weights.all().forEach(p -> gradients.put(p.name(), p.gradient() == null ? new double[0] : p.gradient().toDoubles()));
        weights.clearGradients();
        return gradients;
    }

    /// Gradient caching: 1 × 8 rows give what 4 × 2 rows give, in value and in every gradient.
    @ParameterizedTest
    @EnumSource
    void partsAddUpToTheWhole(Losses.Comparison kind) {
        var loss = loss(kind, true);
        var images = images().requiresGrad(true);
        var texts = texts().requiresGrad(true);
        var whole = loss.of(part(loss, images, texts, 0, ROWS));
        whole.backward();
        var expected = gradients();
        expected.put("images", images.grad().toDoubles());
        expected.put("texts", texts.grad().toDoubles());
        images.clearGrad();
        texts.clearGrad();

        var cached = new ArrayList<Embedded>();
        try (var _ = Autograd.noGrad()) {
            for (int i = 0; i < 4; i++) cached.add(part(loss, images, texts, 2 * i, 2 * i + 2));
        }
        double value = 0;
        for (int i = 0; i < 4; i++) {
            var parts = new ArrayList<>(cached);
            parts.set(i, part(loss, images, texts, 2 * i, 2 * i + 2));
            var share = loss.of(parts, i);
            value += share.item();
            if (share.requiresGrad()) share.backward();
        }
        var found = gradients();
        found.put("images", images.grad().toDoubles());
        found.put("texts", texts.grad().toDoubles());

        assertThat(value).isCloseTo(whole.item(), within(1e-6)); // rows come as f32 where lengths divide
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, gradient) -> assertThat(found.get(name)).as(name).hasSameSizeAs(gradient).containsExactly(gradient,
                within(1e-9)));
    }

    @Test
    void theLanguageModelLearnsOnlyIfAsked() {
        for (boolean into : new boolean[] {false, true}) {
            try (var own = Weights.fresh(Seed.of(5), DTypePolicy.F64)) {
                var recipe = new Losses.Contrastive(0.1, Losses.Comparison.INFONCE, 1, 7, 0.5, 100, Losses.Negatives.GLOBAL, into);
                var loss = new ContrastiveLoss(recipe, ContrastiveLoss.Heads.of(recipe, WIDTH, TEXT_WIDTH, own));
                own.train(_ -> true);
                var images = images().requiresGrad(true);
                var texts = texts().requiresGrad(true);
                loss.of(part(loss, images, texts, 0, ROWS)).backward();
                assertThat(images.grad()).isNotNull();
                assertThat(own.parameter("text.weight").gradient()).as("the text's head learns in any case").isNotNull();
                if (into) assertThat(texts.grad()).isNotNull();
                else assertThat(texts.grad()).isNull();
            }
        }
    }

    @Test
    void onlyComparedRowsAndRealTokensCount() {
        var loss = loss(Losses.Comparison.INFONCE, true);
        var images = images().requiresGrad(true);
        var texts = texts().requiresGrad(true);
        loss.of(part(loss, images, texts, 0, ROWS)).backward();
        for (int b = 0; b < ROWS; b++) {
            assertThat(images.grad().get(b).abs().sum().item() > 0).as("image %s", b).isEqualTo(COMPARED[b]);
            for (int t = 0; t < TOKENS; t++)
                assertThat(texts.grad().get(b).get(t).abs().sum().item() > 0).as("token %s of %s", t, b)
                        .isEqualTo(COMPARED[b] && t < LENGTHS[b]);
        }
    }

    @Test
    void theScaleNeverExceedsItsLargest() {
        var loss = loss(Losses.Comparison.INFONCE, false);
        assertThat(loss.scale()).isCloseTo(1 / 0.07, within(1e-9));
        var log = weights.parameter("alignment.log_scale").master();
        try (var _ = Autograd.noGrad()) {
            log.fillInPlace(5);
        }
        loss.of(part(loss, images(), texts(), 0, ROWS)).backward();
        assertThat(Math.exp(log.item()) / 0.07).as("brought back").isCloseTo(100, within(1e-9));
        assertThat(weights.parameter("alignment.log_scale").gradient().item()).as("and still learning").isNotZero();
    }

    @Test
    void textMaskedRowsHaveCaptionsAndAreAFunctionOfTheSeed() {
        var loss = loss(Losses.Comparison.INFONCE, false);
        var chosen = new boolean[ROWS];
        for (int step = 0; step < 50; step++) {
            var textMasked = loss.textMasked(CAPTIONS, Seed.of(1).derive("blind", step));
            assertThat(textMasked).isEqualTo(loss.textMasked(CAPTIONS, Seed.of(1).derive("blind", step)));
            int count = 0;
            for (int b = 0; b < ROWS; b++) {
                if (textMasked[b]) count++;
                chosen[b] |= textMasked[b];
            }
            assertThat(count).as("half of 8").isEqualTo(4);
        }
        assertThat(chosen).as("each in its turn, but for the dropped one").containsExactly(true, true, true, false, true, true, true, true);
        assertThat(TextMaskedRows.of(List.of("a", "", "c", "d", "e", "f", "g", "h"), 0.01, Seed.of(1))).as("two at least")
                .satisfies(textMasked -> assertThat(count(textMasked)).isEqualTo(2));
        assertThat(count(TextMaskedRows.of(List.of("", ""), 0.5, Seed.of(1)))).isZero();
    }

    @Test
    void withoutAnyRowThereIsNoLoss() {
        var loss = loss(Losses.Comparison.INFONCE, false);
        try (var _ = TensorScope.open()) {
            var none = loss.embed(images(), texts(), LENGTHS, CAPTIONS, new boolean[ROWS]);
            assertThat(loss.of(none)).isNull();
        }
    }

    private static int count(boolean[] flags) {
        int count = 0;
        for (boolean flag : flags) if (flag) count++;
        return count;
    }
}
