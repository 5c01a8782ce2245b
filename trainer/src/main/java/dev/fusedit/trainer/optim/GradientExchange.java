package dev.fusedit.trainer.optim;

import com.google.common.collect.ImmutableList;
import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.distributed.ProcessGroup;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// How the gradients of the parameters that learn are added up over the processes, step after step.
///
/// The buckets that they go in follow rank 0's first backward pass: in which order gradients will be whole there. That is a property of the
/// model, not of timing, so that sums are taken in the same way in every step, and after a run went on.
///
/// @see GradientBuckets for what happens in a step
public final class GradientExchange {
    private final List<Parameter> parameters;
    private final ProcessGroup ranks;
    private final Optional<ParameterOwners> owners;
    private @Nullable BucketLayout layout;

    /// @param parameters that learn
    /// @param owners who alone gets a gradient's sum, if not everybody does (the second stage of ZeRO)
    public GradientExchange(List<Parameter> parameters, ProcessGroup ranks, Optional<ParameterOwners> owners) {
        this.parameters = ImmutableList.copyOf(parameters);
        this.ranks = ranks;
        this.owners = owners;
    }

    /// For one step.
    ///
    /// @param microBatches of it
    public Gradients begin(int microBatches) { return ranks.isAlone() ? new Gradients(parameters) : new Gradients(this, microBatches); }

    List<Parameter> parameters() { return parameters; }

    ProcessGroup ranks() { return ranks; }

    boolean isToOwners() { return owners.isPresent(); }

    /// Whether this process gets a gradient's sum.
    boolean gets(String parameter) { return owners.isEmpty() || owners.get().has(parameter); }

    /// Null before the first backward pass.
    @Nullable
    BucketLayout layout() { return layout; }

    /// Settles it, by what rank 0 says. All processes call it.
    ///
    /// @param whole places of gradients in the order in which they are whole in this process's backward pass; others are at its end
    BucketLayout settle(List<Integer> whole) {
        var arriving = new LinkedHashSet<>(whole);
        IntStream.range(0, parameters.size()).map(i -> parameters.size() - 1 - i).forEach(arriving::add);
        var own = BucketLayout.of(parameters, List.copyOf(arriving), name -> owners.map(all -> OptionalInt.of(all.owner(name)))
                .orElse(OptionalInt.empty()), ranks.bucketBytes());
        return layout = BucketLayout.of(ranks.gather(own.bytes()).getFirst());
    }
}
