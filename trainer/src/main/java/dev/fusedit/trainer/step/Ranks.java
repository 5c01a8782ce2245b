package dev.fusedit.trainer.step;

import com.google.common.primitives.Longs;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.data.BatchSlice;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;

/// The processes that share a run's steps, a slice of each batch each.
///
/// All that a step decides by (losses, whether they are finite, the gradient's norm, that somebody was asked to stop) is made of what all have
/// found, in the order of their ranks, and so the same in all of them.
///
/// @param sharding what each keeps a part of only
/// @param signal 0, or the status of a signal that this process was sent
/// @param heard told of a signal that any of them was sent, after the step
public record Ranks(ProcessGroup group, Sharding sharding, IntSupplier signal, IntConsumer heard) {
    /// One process, whose signals are its own.
    public static final Ranks ALONE = new Ranks(ProcessGroup.alone(), Sharding.NONE, () -> 0, _ -> {});

    /// Of a batch.
    public BatchSlice slice() { return new BatchSlice(group.rank(), group.size()); }

    public int count() { return group.size(); }

    /// Whether what is remembered of parameters lies in several processes.
    public boolean isSharded() {
        return switch (sharding) {
            case NONE -> false;
            case OPTIMIZER, GRADIENTS -> !group.isAlone();
        };
    }

    /// Whether a parameter's owner alone gets the sum of its gradients.
    public boolean reducesToOwners() {
        return switch (sharding) {
            case NONE, OPTIMIZER -> false;
            case GRADIENTS -> !group.isAlone();
        };
    }

    /// What all have found.
    ///
    /// @throws StepOutOfMemory if the memory of any did not hold its slice: in all
    RankFinding together(RankFinding own) {
        if (group.isAlone()) return own;
        var all = group.gather(own.signalled(signal.getAsInt()).bytes()).stream().map(RankFinding::of).toList();
        var whole = all.stream().reduce(RankFinding::plus).orElseThrow();
        if (whole.signal() != 0) heard.accept(whole.signal());
        if (!whole.shortage().isEmpty()) throw new StepOutOfMemory(whole.shortage());
        return whole;
    }

    /// The Euclidean norm of the whole gradient: of all that lies here and there, or rank 0's, which another one's kernels may have rounded
    /// otherwise.
    ///
    /// @param own of what lies here
    double norm(double own) {
        if (group.isAlone()) return own;
        var all = group.gather(Longs.toByteArray(Double.doubleToRawLongBits(own))).stream()
                .mapToDouble(bytes -> Double.longBitsToDouble(Longs.fromByteArray(bytes))).toArray();
        return reducesToOwners() ? Math.sqrt(Arrays.stream(all).map(norm -> norm * norm).sum()) : all[0];
    }

    /// The first text that is not empty, by rank; empty if all are.
    String first(String own) {
        return new RankTexts(group).concatenated(List.of(own)).stream().filter(text -> !text.isEmpty()).findFirst().orElse("");
    }

    /// @param reached which parameters have a gradient here
    static RankFinding finding(LossValues values, List<Long> samples, BitSet reached) {
        return new RankFinding(values, samples, reached, 0, "");
    }
}
