package dev.fusedit.fusion.dit;

import dev.fusedit.nn.ops.CountingOps;
import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RmsNorm;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.BlasThreads;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The noise level (and a pooled text) as a vector: sine and cosine waves through a small MLP.
///
/// @param pooled for a pooled text, added to the time's vector
/// @param block all blocks' modulation, with adaln-single
public record TimeEmbedding(Linear first, Linear second, @Nullable Pooled pooled, @Nullable Linear block) {
    private static final int WAVES = 256;
    private static final double LONGEST = 10_000;

    /// e^(−ln 10,000 · i / 128) with f32 exponents, each rounded once. One of them is a bit above the nearest float, as the vectorised
    /// exp gives it that the published models were trained and measured with: at times near 1000 that bit is 3e-5 of the wave.
    private static final float[] FREQUENCIES = new float[WAVES / 2];
    static {
        for (int i = 0; i < FREQUENCIES.length; i++) {
            FREQUENCIES[i] = (float) Math.exp((float) -Math.log(LONGEST) * i / FREQUENCIES.length);
        }
        FREQUENCIES[12] = Math.nextUp(FREQUENCIES[12]);
    }

    /// The pooled text's own norm and MLP.
    public record Pooled(RmsNorm norm, Linear first, Linear second) {
        Tensor apply(Tensor text_BX) { return TensorScope.scoped(() -> second.apply(first.apply(norm.apply(text_BX)).silu())); }
    }

    /// What the layers are given.
    ///
    /// @param time_BC the embedding itself
    /// @param modulation what the blocks read: silu of the embedding with adaln-zero, all blocks' six vectors with adaln-single, else
    ///        the embedding
    public record State(Tensor time_BC, Tensor modulation) implements TensorRecord<State> {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(time_BC, modulation).distinct(); }

        @Override
        public State replaced(UnaryOperator<Tensor> each) {
            var time = each.apply(time_BC);
            return new State(time, modulation == time_BC ? time : each.apply(modulation));
        }
    }

    static TimeEmbedding of(DiTConfig config, @Nullable Pooled pooled, Weights weights) {
        var init = Init.normal(config.initRange());
        int width = config.width();
        var mlp = weights.in("timestep_embedder");
        return new TimeEmbedding(
                Linear.of(mlp.in("0"), init, WAVES, width, true),
                Linear.of(mlp.in("2"), init, width, width, true),
                pooled,
                blocks(config, init, weights));
    }

    private static @Nullable Linear blocks(DiTConfig config, Init init, Weights weights) {
        return switch (config.time()) {
            case TimeConditioning.AdaLnZero() -> null;
            case TimeConditioning.AdaLnSingle() -> Linear.of(weights.in("t_block.1"), init, config.width(), 6L * config.width(), true);
            case TimeConditioning.Addition() -> null;
            case TimeConditioning.None() -> null;
        };
    }

    /// As [#forward] gives it, for counting.
    State shapes(CountingOps ops, long batch, DiTConfig config) {
        boolean learns = second.weight_OI().requiresGrad();
        var time = ops.input(learns, batch, config.width());
        return new State(time, block == null ? time : ops.input(learns, batch, block.weight_OI().size(0)));
    }

    static Pooled pooled(DiTConfig config, Weights weights) {
        var init = Init.normal(config.initRange());
        var mlp = weights.in("condition_embedder");
        return new Pooled(
                RmsNorm.of(mlp.in("0"), config.pooledText(), config.normEps()),
                Linear.of(mlp.in("1"), init, config.pooledText(), config.width(), true),
                Linear.of(mlp.in("3"), init, config.width(), config.width(), true));
    }

    /// Cosines, then sines, of t times 128 frequencies from 1 down to nearly 1/10,000; f32.
    public static Tensor waves(Tensor timesteps_B) {
        return TensorScope.scoped(() -> {
            var angles = timesteps_B.to(DType.F32).unsqueeze(1).mul(Tensor.of(FREQUENCIES).to(timesteps_B.device()));
            return Tensor.cat(-1, angles.cos(), angles.sin());
        });
    }

    /// Computed in f32 (or f64) whatever the layers' dtype: a few numbers that every token is scaled by.
    ///
    /// @param dtype of the layers and of the result
    State forward(Tensor timesteps_B, @Nullable Tensor pooled_BX, DType dtype, TimeConditioning kind, ForwardHooks hooks) {
        var exact = dtype == DType.F64 ? DType.F64 : DType.F32;
        if (dtype == exact) {
            return exact(timesteps_B, pooled_BX, exact, kind, hooks);
        }
        try (var _ = BlasThreads.one()) { // the only BLAS calls among bf16 kernels
            return TensorScope.scoped(() -> exact(timesteps_B, pooled_BX, exact, kind, hooks).replaced(part -> part.to(dtype)));
        }
    }

    private State exact(Tensor timesteps_B, @Nullable Tensor pooled_BX, DType exact, TimeConditioning kind, ForwardHooks hooks) {
        return TensorScope.scoped(() -> {
            var waves = waves(timesteps_B);
            hooks.see("time_proj", waves);
            var time = second.apply(first.apply(waves.to(exact)).silu());
            hooks.see("timestep_embedder", time);
            if (pooled != null) {
                checkArgument(pooled_BX != null, "this model needs the pooled text");
                time = time.add(pooled.apply(pooled_BX.to(exact)));
            }
            var modulation = switch (kind) {
                case TimeConditioning.AdaLnZero() -> time.silu();
                case TimeConditioning.AdaLnSingle() -> block == null ? time : block.apply(time.silu());
                case TimeConditioning.Addition() -> time;
                case TimeConditioning.None() -> time;
            };
            hooks.see("temb", switch (kind) {
                case TimeConditioning.AdaLnZero() -> time;
                case TimeConditioning.AdaLnSingle() -> modulation;
                case TimeConditioning.Addition() -> time;
                case TimeConditioning.None() -> time;
            });
            return new State(time, modulation);
        });
    }
}
