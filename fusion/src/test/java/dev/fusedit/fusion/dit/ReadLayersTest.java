package dev.fusedit.fusion.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.fusion.llm.Family;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.llm.Windows;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Count;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class ReadLayersTest {
    private static final Prompt PROMPT = Prompt.of(new int[][] {{2, 7, 9, 11}, {2, 5}});

    private static FuseDiTConfig config(int textLayers, int blocks, int initial, SharedLayers shared) {
        return Tiny.config(new Fusion.JointSelfAttention(), new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero(), textLayers,
                blocks,
                initial, shared);
    }

    private static SharedLayers each(Integer... layers) { return new SharedLayers.OneEach(ImmutableList.copyOf(layers)); }

    private static void assertSameImages(FuseDiTConfig config, FuseDiTConfig other) {
        try (var tiny = Tiny.of(config); var same = Tiny.of(other); var _ = TensorScope.open()) {
            var images = tiny.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT);
            assertThat(images.sameValues(same.model().forward(Tiny.latents(2), Tiny.times(2), PROMPT))).isTrue();
        }
    }

    @Test
    void layersInARowAreThoseBehindInitialOnes() {
        assertSameImages(config(3, 3, 0, each(0, 1, 2)), config(3, 3, 0, new SharedLayers.All()));
        assertSameImages(config(4, 2, 0, each(2, 3)), config(4, 2, 2, new SharedLayers.All()));
    }

    /// The text's way is the same whichever layers are read; a plain layer between is the family's own, and here that makes no difference.
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void aBlockReadsItsLayerWhateverIsBetween(int layer) {
        var shared = layer == 4 ? each(0, 4) : layer == 0 ? each(0, 2) : each(layer, 4);
        try (var all = Tiny.of(config(5, 5, 0, new SharedLayers.All()));
                var some = Tiny.of(config(5, 2, 0, shared));
                var _ = TensorScope.open()) {
            var expected = Objects.requireNonNull(all.model().text(PROMPT).blocks().get(layer));
            var read = Objects.requireNonNull(some.model().text(PROMPT).blocks().get(layer == 4 ? 1 : 0));
            assertThat(read.keys().sameValues(expected.keys())).isTrue();
            assertThat(read.values().sameValues(expected.values())).isTrue();
        }
    }

    @Test
    void windowsAndRotaryPositionsFollowTheLayer() {
        var family = new Family.Gemma3(16, new Windows(3, ImmutableSet.of(0, 1, 3)), 100, 0);
        var base = Tiny.config(family, new Fusion.JointSelfAttention());
        var text = new LanguageModelConfig(family, 50, 32, 48, 4, 4, 2, 16, 10_000, base.text().ropeScaling(), 1e-6, 0.02, false,
                base.text().activation(), true, 0, false);
        var image = base.image().toBuilder().layers(2).build();
        var long_ = Prompt.of(new int[][] {{2, 7, 9, 11, 3, 8}});
        try (var each = Tiny.of(new FuseDiTConfig(text, image, base.fusion(), 0, each(1, 3)));
                var behind = Tiny.of(new FuseDiTConfig(text, image, base.fusion(), 0, new SharedLayers.OneEach(ImmutableList.of(1, 2))));
                var _ = TensorScope.open()) {
            assertThat(each.model().config().readLayers()).containsExactly(1, 3);
            var first = Objects.requireNonNull(each.model().text(long_).blocks().get(0));
            var same = Objects.requireNonNull(behind.model().text(long_).blocks().get(0));
            assertThat(first.keys().sameValues(same.keys())).isTrue();
            var local = Objects.requireNonNull(each.model().text(long_).blocks().get(1));
            var global = Objects.requireNonNull(behind.model().text(long_).blocks().get(1));
            assertThat(local.keys().sameValues(global.keys())).as("layers 3 and 2").isFalse();
        }
    }

    /// Of the last layer that is read keys and values alone are computed; layers between are computed whole.
    @Test
    void whatIsComputedIsCounted() {
        try (var weights = Weights.shapes(); var _ = TensorScope.open()) {
            var few = FuseDiT.of(config(5, 2, 0, each(0, 2)), weights.in("few"));
            var deep = FuseDiT.of(config(5, 2, 0, each(0, 4)), weights.in("deep"));
            var rows = FuseDiT.of(config(5, 5, 0, new SharedLayers.All()), weights.in("rows"));
            assertThat(few.config().textDepth()).isEqualTo(3);
            assertThat(flops(deep)).isEqualTo(flops(rows));
            assertThat(flops(few)).isLessThan(flops(deep));
        }
    }

    private static double flops(FuseDiT model) {
        var ops = new CountingOps(new Count.Target(DType.F32, true, false));
        model.countText(ops, 2, 7, false);
        return ops.count().flops();
    }

    @Test
    void aConfigurationIsReadAsItWasWritten() {
        var config = config(5, 3, 0, each(0, 2, 4));
        var json = ModelConfigJson.json(config);
        assertThat(json.path("read_layers").toString()).isEqualTo("[0,2,4]");
        var read = ModelConfigJson.fused(json, "config.json");
        assertThat(read.shared()).isEqualTo(config.shared());
        assertThat(read.readLayers()).isEqualTo(List.of(0, 2, 4));
        json.put("shared_attention_layers", "all");
        assertThatThrownBy(() -> ModelConfigJson.fused(json, "config.json"))
                .hasMessageContaining("shared_attention_layers must be left out beside read_layers");
    }

    @Test
    void whatIsNoChoiceOfLayersIsRefused() {
        assertThatThrownBy(() -> each(2, 1)).hasMessageContaining("growing order");
        assertThatThrownBy(() -> config(3, 2, 0, each(0, 3))).hasMessageContaining("must be 0 to 2");
        assertThatThrownBy(() -> config(3, 2, 1, each(1, 2))).hasMessageContaining("initial layers must be 0");
        assertThatThrownBy(() -> config(3, 2, 0, each(0, 1, 2))).hasMessageContaining("there are 2 blocks");
    }
}
