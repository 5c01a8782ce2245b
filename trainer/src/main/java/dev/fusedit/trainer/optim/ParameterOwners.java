package dev.fusedit.trainer.optim;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.distributed.ProcessGroup;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Which process keeps what the optimizer and the average remember of a parameter, and changes it: the first stage of ZeRO (Rajbhandari et al.
/// 2020, [arXiv 1910.02054](https://arxiv.org/abs/1910.02054), section 5.1). In the second one it alone gets the sum of its gradients too.
/// Weights are whole in all of them.
///
/// Parameters are whole, since Muon and Adafactor look at whole matrices.
///
/// @param owners ranks by parameter; one that is not named is everybody's own
/// @param rank of this process
public record ParameterOwners(ImmutableMap<String, Integer> owners, int rank) {
    /// Every process keeps everything.
    public static final ParameterOwners ALL = new ParameterOwners(ImmutableMap.of(), 0);

    /// Each process has about as many numbers: the largest parameter first, each to the process that has least. What is trained in the same
    /// stages is balanced by itself, so that every stage is.
    ///
    /// @param counts of numbers, by parameter
    /// @param kind of a parameter: equal for those that are trained in the same stages
    public static ParameterOwners balanced(Map<String, Long> counts, Function<String, Object> kind, int processes, int rank) {
        var sizes = new LinkedHashMap<Object, long[]>();
        var owners = ImmutableMap.<String, Integer>builder();
        counts.entrySet().stream().sorted(Map.Entry.<String, Long>comparingByValue().reversed()).forEach(parameter -> {
            var each = sizes.computeIfAbsent(kind.apply(parameter.getKey()), _ -> new long[processes]);
            int least = IntStream.range(0, each.length).boxed().min(Comparator.comparingLong(i -> each[i])).orElseThrow();
            each[least] += parameter.getValue();
            owners.put(parameter.getKey(), least);
        });
        return new ParameterOwners(owners.buildOrThrow(), rank);
    }

    /// Whether this process keeps what is remembered of a parameter.
    public boolean has(String parameter) { return owner(parameter) == rank; }

    /// Its rank.
    public int owner(String parameter) { return owners.getOrDefault(parameter, rank); }

    /// Each owner's numbers take the weights' places in all others.
    ///
    /// @param weights by parameter, the same ones in all processes
    public void share(Map<String, Tensor> weights, ProcessGroup ranks) {
        if (owners.isEmpty()) return;
        for (int from = 0; from < ranks.size(); from++) {
            int owner = from;
            List<Tensor> some =
                    weights.entrySet().stream().filter(weight -> owner(weight.getKey()) == owner).map(Map.Entry::getValue).toList();
            ranks.broadcast(some, owner);
        }
    }
}
