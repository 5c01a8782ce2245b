package dev.fusedit.trainer.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.fusedit.fusion.dit.ForwardOptions;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.dit.ImageShape;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.Adapters;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.LoraAdapter;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Count;
import dev.fusedit.nn.ops.CountingOps;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Threads;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is counted as kept for the backward pass, against the bytes of what is kept.
@ExtendWith(NoTensorLeaks.class)
@Threads(atMost = Fused.MOST_THREADS)
class StageCountsTest {
    private static final int IMAGES = 4;
    private static final int TEXT = 16;

    @ParameterizedTest
    @ValueSource(strings = {"run.precision=bf16", "run.precision=f32", "run.precision=bf16 model.fusion=cross",
        "run.precision=f32 model.fusion=cross", "run.precision=bf16 model.llm.kv_heads=2", "run.precision=f32 model.time=adaln-single",
        "run.precision=f32 model.time=none model.sandwich_norm=true", "run.precision=f32 model.fusion=gated-joint",
        "run.precision=bf16 model.dit.patch=2"})
    void layersKeepWhatIsCounted(String settings) {
        var few = kept(settings, 2, name -> name.startsWith("dit"));
        var more = kept(settings, 4, name -> name.startsWith("dit"));
        assertThat((double) more.measured - few.measured).as("%s", settings).isCloseTo(more.counted - few.counted, withinPercentage(3));
    }

    /// libtorch keeps in its own graph what no scope sees: with attention by matmuls nothing but the text's attention is left to it.
    @Test
    void layersOfTheLanguageModelToo() {
        var few = kept("run.precision=f32", 2, _ -> true);
        var more = kept("run.precision=f32", 4, _ -> true);
        assertThat((double) more.measured - few.measured).isCloseTo(more.counted - few.counted, withinPercentage(5));
    }

    /// Weights that are frozen keep nothing; their adapters what their own gradients read.
    @ParameterizedTest
    @ValueSource(strings = {"run.precision=f32 model.adapters.dit.targets=[self_attn.q_proj,self_attn.o_proj]",
        "run.precision=bf16 model.adapters.dit.targets=[q_proj,gate_proj,up_proj,down_proj]",
        "run.precision=f32 model.adapters.dit.targets=[v_proj,down_proj] model.adapters.dit.dropout=0.1"})
    void layersWithAdaptersToo(String settings) {
        Predicate<String> adapters = name -> name.startsWith("dit") && LoraAdapter.isPart(name);
        var few = kept(settings + " model.adapters.dit.rank=8", 2, adapters);
        var more = kept(settings + " model.adapters.dit.rank=8", 4, adapters);
        assertThat((double) more.measured - few.measured).isCloseTo(more.counted - few.counted, withinPercentage(3));
    }

    /// Its convolutions keep what they read, for all pixels.
    @ParameterizedTest
    @ValueSource(strings = {"run.precision=f32", "run.precision=bf16"})
    void aDetailHeadToo(String precision) {
        Predicate<String> dit = name -> name.startsWith("dit");
        var none = kept(precision, 2, dit);
        var head = kept(precision + " model.dit.detail_head.width=32 model.dit.detail_head.layers=4", 2, dit);
        assertThat((double) head.measured - none.measured).isCloseTo(head.counted - none.counted, withinPercentage(5));
    }

    private record Kept(long measured, long counted) {}

    private static Kept kept(String settings, int layers, Predicate<String> trained) {
        var all = new ArrayList<>(Arrays.asList(settings.split(" ")));
        all.addAll(List.of("model.llm.layers=" + layers, "model.dit.layers=" + layers));
        var recipe = Recipe.find("quickstart", all);
        var config = ModelShapes.of(recipe).config();
        long tokens = (32L / config.image().patch()) * (32L / config.image().patch());
        var target = StageCounts.target(recipe.run().precision(), true);
        try (var weights = Weights.shapes().adapted(recipe.model().adapted()); var _ = TensorScope.open()) {
            var model = config.build(weights);
            weights.train(trained);
            var ops = new CountingOps(target);
            boolean text = trained.test("llm.");
            model.countImage(ops, new ImageShape(IMAGES, tokens, TEXT), text);
            model.countText(ops, IMAGES, TEXT, false);
            return new Kept(measured(config, recipe.model().adapted(), Calibration.dtype(recipe.run().precision()), trained),
                    ops.count().keptBytes());
        }
    }

    private static long measured(ImageModelConfig config, Adapters adapters, DType dtype, Predicate<String> trained) {
        try (var weights = Weights.fresh(Seed.of(1), new DTypePolicy(DType.F32, dtype, Device.CPU)).adapted(adapters);
                var _ = TensorScope.open()) {
            var model = config.build(weights);
            weights.train(trained);
            try (var pass = model.pass(false)) {
                var row = new long[TEXT];
                Arrays.fill(row, 7);
                var rows = new long[IMAGES][];
                Arrays.fill(rows, row);
                var latents = Tensor.randn(Seed.of(3), DType.F32, IMAGES, config.image().inChannels(), 32, 32).to(dtype);
                long atStart = TensorScope.liveBytes();
                var text = pass.text(Prompt.of(rows), false);
                long before = trained.test("llm.") ? atStart + text.tensors().mapToLong(each -> each.numel() * each.dtype().bytes()).sum()
                        : TensorScope.liveBytes(); // what the image reads of the text is counted by itself
                weights.dropout().during(Seed.of(5),
                        () -> pass.image(latents, Tensor.full(500, DType.F32, IMAGES), text, null, ForwardOptions.NONE));
                return TensorScope.liveBytes() - before;
            }
        }
    }

    /// A softmax of more than 32 MiB is made again.
    @Test
    void manyScoresAreNotKept() {
        var recipe = Recipe.find("quickstart", List.of("run.precision=bf16"));
        var target = new Count.Target(DType.BF16, true, true);
        try (var weights = Weights.shapes(); var _ = TensorScope.open()) {
            var model = ModelShapes.of(recipe).config().build(weights);
            weights.train(_ -> true);
            CountingOps few = new CountingOps(target), many = new CountingOps(target);
            model.countImage(few, new ImageShape(1, 1024, 16), false);
            model.countImage(many, new ImageShape(16, 1024, 16), false);
            assertThat(many.count().keptBytes() / 16).isLessThan(few.count().keptBytes());
        }
    }
}
