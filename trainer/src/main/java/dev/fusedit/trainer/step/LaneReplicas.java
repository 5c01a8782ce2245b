package dev.fusedit.trainer.step;

import com.google.common.collect.Lists;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.optim.Gradients;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// The lanes of a step. Each has an objective over leaves of its own: the first lane's are the weights themselves, the others' are
/// replicas, which this owns.
///
/// Micro-batches come one after the other, the lanes of one side by side; their gradients are summed in the order of the batch
/// ([Gradients]), so no result depends on timing.
final class LaneReplicas<B, P> implements AutoCloseable {
    private final Lanes lanes;
    private final List<Lane<B, P>> each;

    private record Lane<B, P>(Weights leaves, Objective<B, P> objective) {}

    /// @param objective over the weights themselves, or over a replica of them
    LaneReplicas(int count, Weights weights, Function<Weights, ? extends Objective<B, P>> objective) {
        lanes = Lanes.of(count);
        each = IntStream.range(0, count).mapToObj(i -> i == 0 ? weights : weights.replica())
                .map(leaves -> new Lane<B, P>(leaves, objective.apply(leaves))).toList();
    }

    int count() { return lanes.count(); }

    Lanes lanes() { return lanes; }

    /// The one over the weights themselves.
    Objective<B, P> objective() { return each.getFirst().objective(); }

    /// Computes gradients for these parameters from now on.
    void train(Predicate<String> names) { each.forEach(lane -> lane.leaves().train(names)); }

    /// Losses of all parts, and their gradients.
    ///
    /// @param parts as many for each micro-batch as there are lanes
    /// @param owner of the losses
    LossTensors backward(List<P> parts, Factor scale, Gradients gradients, TensorScope owner) {
        var losses = Lists.partition(parts, lanes.count()).stream().flatMap(some -> sideBySide(some, scale, gradients, owner).stream());
        return owner.hold(losses.reduce(LossTensors::plus).orElseThrow());
    }

    private List<LossTensors> sideBySide(List<P> parts, Factor scale, Gradients gradients, TensorScope owner) {
        var leaves = each.stream().map(Lane::leaves).toList();
        var whole = gradients.arriving(leaves);
        var losses = lanes.run(IntStream.range(0, parts.size()).<Supplier<LossTensors>>mapToObj(
                i -> () -> owner.hold(each.get(i).objective().backward(parts.get(i), scale, whole.get(i)))).toList());
        gradients.take(leaves, lanes);
        return losses;
    }

    @Override
    public void close() {
        lanes.close();
        each.stream().skip(1).forEach(lane -> lane.leaves().close());
    }
}
