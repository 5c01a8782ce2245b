package dev.fusedit.fusion.llm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Frozen matrices in bf16 or f16 under f32: the numbers are those of the same values stored in f32, to the bit.
@ExtendWith(NoTensorLeaks.class)
class HeldInMemoryTest {
    private static final LanguageModelConfig CONFIG = LanguageModelConfig.gemma(50, 32, 48, 3, 4, 2, 16);
    private static final Prompt PROMPT = Prompt.of(new int[][] {{2, 7, 9, 11}, {2, 5}});

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"BF16", "F16"})
    void resultsAreThoseOfTheSameValuesInF32(DType dtype) {
        var policy = DTypePolicy.F32.frozen().holding("", dtype);
        try (var held = Weights.fresh(Seed.of(1), policy);
                var wide = Weights.fresh(Seed.of(2), DTypePolicy.F32);
                var _ = TensorScope.open()) {
            var small = LanguageModel.of(CONFIG, held);
            var large = LanguageModel.of(CONFIG, wide);
            copy(held, wide);
            assertThat(held.parameter("layers.0.mlp.up_proj.weight").master().dtype()).isEqualTo(dtype);
            assertThat(held.parameter("embed_tokens.weight").compute().dtype()).isEqualTo(dtype);
            assertThat(held.parameter("norm.weight").master().dtype()).isEqualTo(DType.F32);
            for (var ops : new Ops[] {Ops.INFERENCE, Ops.AUTOGRAD}) {
                var states = small.forward(PROMPT, ForwardHooks.NONE, ops);
                assertThat(states.dtype()).isEqualTo(DType.F32);
                assertThat(states.sameValues(large.forward(PROMPT, ForwardHooks.NONE, ops))).isTrue();
                assertThat(small.logits(states).sameValues(large.logits(states))).isTrue();
            }
        }
    }

    /// What trains has masters as ever.
    @ParameterizedTest
    @EnumSource(value = DType.class, names = "BF16")
    void whatTrainsIsNotHeld(DType dtype) {
        var policy = DTypePolicy.F32.training(name -> name.contains("layers.2")).holding("", dtype);
        try (var weights = Weights.fresh(Seed.of(1), policy); var _ = TensorScope.open()) {
            LanguageModel.of(CONFIG, weights);
            assertThat(weights.parameter("layers.2.mlp.up_proj.weight").master().dtype()).isEqualTo(DType.F32);
            assertThat(weights.parameter("layers.1.mlp.up_proj.weight").master().dtype()).isEqualTo(dtype);
        }
    }

    private static void copy(Weights from, Weights to) {
        try (var _ = Autograd.noGrad()) {
            from.all().map(Parameter::name).forEach(name -> {
                var value = Tensor.randn(Seed.of(3).derive(name), DType.F32, from.parameter(name).master().shape()).mul(0.2);
                from.parameter(name).master().copyInPlace(value);
                to.parameter(name).master().copyInPlace(from.parameter(name).master());
            });
        }
    }
}
