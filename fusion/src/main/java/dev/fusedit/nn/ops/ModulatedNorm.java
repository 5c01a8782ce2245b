package dev.fusedit.nn.ops;

import dev.fusedit.nn.RmsNorm;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.fused.Fused;
import dev.fusedit.torch.fused.FusedNorm;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// y = x / rms(x) · gain · (1 + scale) + shift, RMS norm with adaptive layer norm's modulation (adaLN; Peebles and Xie 2023, arXiv 2212.09748).
///
///     n = x / rms(x),  G = gain · (1 + scale)
///     ∂G = Σ_tokens ∂y · n,  ∂shift = Σ_tokens ∂y,  ∂x = (G ∂y − n · mean(G ∂y · n)) / rms(x)
///     ∂gain = Σ_samples ∂G · (1 + scale),  ∂scale = ∂G · gain
///
/// @param x (…, C); (B, N, C) with a modulation
/// @param scale_B1C null for none, and then there is no shift
/// @param shift_B1C null for none
record ModulatedNorm(RmsNorm norm, Tensor x, @Nullable Tensor scale_B1C, @Nullable Tensor shift_B1C) implements Op<Tensor> {
    @Override
    public Stream<Tensor> reads() {
        return Stream.of(x, norm.weight_C(), scale_B1C, shift_B1C).filter(Objects::nonNull).map(Objects::requireNonNull);
    }

    @Override
    public ModulatedNorm over(UnaryOperator<Tensor> each) {
        return new ModulatedNorm(norm, each.apply(x), scale_B1C == null ? null : each.apply(scale_B1C),
                shift_B1C == null ? null : each.apply(shift_B1C));
    }

    @Override
    public Tensor autograd() { return norm.modulated(x, scale_B1C, shift_B1C); }

    @Override
    public Tensor inference() { return Fused.serves(x) ? FusedNorm.forward(x, norm.gain(scale_B1C), shift_B1C, norm.eps()) : autograd(); }

    @Override
    public Tensor counted(Count count) {
        if (count.target().kernels()) {
            count.keep(x);
            count.keepWithWhole(scale_B1C);
        } else { // the input inside, which is wide; the normed one
            count.keepOwn(x.numel() * (count.target().wide() + count.target().compute().bytes()));
        }
        return count.made(x.shape());
    }

    @Override
    public Tensor recorded(Recording recording) {
        if (!Fused.serves(x)) {
            return recording.byAutograd(this);
        }
        var dx = recording.gradient(x);
        var dWeight = recording.gradient(norm.weight_C());
        var dScale = recording.gradient(scale_B1C);
        var dShift = recording.gradient(shift_B1C);
        var x = recording.keep(this.x);
        var scale = recording.keepNullable(scale_B1C);
        boolean shifted = shift_B1C != null;
        recording.backward(dy -> {
            var sum = dx == null ? null : dx.inPlace();
            var into = sum != null ? sum : dy.isContiguous() ? dy : Tensor.empty(dy.dtype(), dy.shape());
            var gradient = FusedNorm.backward(x, dy, norm.gain(scale), shifted, norm.eps(), into, sum != null);
            if (dx != null && sum == null) {
                dx.add(into);
            }
            if (dWeight != null) {
                var gain = scale == null ? gradient.gain() : gradient.gain().mul(scale.add(1)).sum(false, 0, 1);
                dWeight.add(gain.to(norm.weight_C().dtype()));
            }
            if (dScale != null && scale != null) {
                dScale.add(gradient.gain().mul(norm.gain()).to(scale.dtype()));
            }
            if (dShift != null && gradient.shift() != null) {
                dShift.add(gradient.shift());
            }
        });
        return inference();
    }
}
