package dev.fusedit.trainer.optim;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.partitioningBy;
import static java.util.stream.Collectors.toList;

import com.google.common.collect.Lists;
import com.google.common.collect.Streams;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// Momentum made orthogonal, for the matrices within layers ([Jordan 2024](https://kellerjordan.github.io/posts/muon/)), at AdamW's size
/// ([Liu et al. 2025](https://arxiv.org/abs/2502.16982), section 2.2), so that AdamW's rates and decays fit:
///
///     m ← μ m + (1 − μ) g
///     w ← w − rate · decay · w − rate · 0.2 √max(rows, columns) · orthogonal((1 − μ) g + μ m)
///
/// Matrices of one shape, tall or lying, are made orthogonal together, in batched products.
///
/// Everything else is AdamW's: embeddings, vectors, the patches' convolution, what makes the time's vector, the last layer, and heads
/// beside the model.
///
/// @param momentum μ
/// @param rounds of [NewtonSchulz]
/// @param matmulDType in what matrices are multiplied
/// @param lanes in which matrices are made orthogonal; stay their owner's
/// @param rest for all but hidden matrices; its moments are this optimizer's
public record Muon(double momentum, int rounds, DType matmulDType, Lanes lanes, AdamW rest) implements Optimizer {
    private static final String MOMENTUM = "momentum_buffer";
    private static final double SIZE = 0.2;
    /// Of matrices that a lane makes orthogonal at once, as far as one has no more: 1 MB in f32, which caches hold from one pass to the next
    /// (docs/lab.md, 2026-11-30).
    public static final long ELEMENTS = 1 << 18;
    private static final Pattern WITHIN_A_LAYER = Pattern.compile("(llm|dit)\\.layers\\.\\d+\\..*");

    @Override
    public OptimizerState optimizerState() { return rest.optimizerState(); }

    /// Whether it is one of the matrices within layers.
    public static boolean isHiddenMatrix(String parameter, int rank) { return rank == 2 && WITHIN_A_LAYER.matcher(parameter).matches(); }

    /// Matrices that one call makes orthogonal.
    private record Alike(long least, long most, double rate, double decay) {
        static Alike of(Update update) {
            long rows = update.weight().size(0), columns = update.weight().size(1);
            return new Alike(Math.min(rows, columns), Math.max(rows, columns), update.rate(), update.decay());
        }

        int fitting() { return (int) Math.max(1, ELEMENTS / Math.max(1, least * most)); }
    }

    /// @param means their momenta
    private record Together(Alike shape, List<Update> updates, List<Tensor> means) {
        long products() { return shape.least * shape.least * shape.most * updates.size(); }
    }

    @Override
    public void step(List<Update> updates, Gate gate) {
        var hidden = updates.stream().collect(partitioningBy(update -> isHiddenMatrix(update.parameter(), update.weight().rank())));
        var alike = hidden.get(true).stream().collect(groupingBy(Alike::of, LinkedHashMap::new, toList()));
        var together = alike.entrySet().stream().flatMap(entry -> Lists.partition(entry.getValue(), entry.getKey().fitting()).stream()
                .map(some -> remembered(entry.getKey(), some))).toList();
        try (var _ = Autograd.noGrad()) {
            lanes.each(together, Together::products, some -> step(some, gate));
        }
        rest.step(hidden.get(false), gate);
    }

    private Together remembered(Alike shape, List<Update> some) {
        some.forEach(update -> optimizerState().nextStep(update.parameter()));
        return new Together(shape, some, some.stream().map(update -> optimizerState().get(update, MOMENTUM)).toList());
    }

    private void step(Together some, Gate gate) {
        try (var _ = TensorScope.open()) {
            var gradients = some.updates.stream().map(update -> gate.clean(update.gradient())).toList();
            var means = some.means;
            Foreach.lerp(means, gradients, gate.change(1 - momentum));
            var weight = Tensor.full(momentum, means.getFirst().dtype(), means.getFirst().device());
            var ahead = Streams.zip(gradients.stream(), means.stream(), (gradient, mean) -> gradient.lerp(mean, weight).to(matmulDType));
            var orthogonal_NRC = NewtonSchulz.orthogonal(Tensor.stack(0, ahead.map(Muon::lying).toList()), rounds);
            var weights = some.updates.stream().map(Update::weight).toList();
            Foreach.mul(weights, gate.scale(1 - some.shape.rate * some.shape.decay));
            var steps = IntStream.range(0, weights.size()).mapToObj(i -> asIn(orthogonal_NRC.select(0, i), weights.get(i))).toList();
            Foreach.addScaled(weights, steps, gate.change(-some.shape.rate * SIZE * Math.sqrt(some.shape.most)));
        }
    }

    private static Tensor lying(Tensor matrix) { return isTall(matrix) ? matrix.transpose(0, 1) : matrix; }

    private static Tensor asIn(Tensor lying, Tensor matrix) { return isTall(matrix) ? lying.transpose(0, 1) : lying; }

    private static boolean isTall(Tensor matrix) { return matrix.size(0) > matrix.size(1); }
}
