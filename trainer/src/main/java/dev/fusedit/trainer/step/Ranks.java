package dev.fusedit.trainer.step;

import com.google.common.primitives.Longs;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TorchException;
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

    /// What all have found: where one is alone, what it has, unread.
    ///
    /// @param samples keys
    /// @param reached parameters that have a gradient, by their place among those that learn
    record Found(LossTensors losses, List<Long> samples, BitSet reached) {}

    /// @param samples keys of this process's slice
    /// @param reached which parameters have a gradient here
    /// @throws StepOutOfMemory if the memory of any did not hold its slice: in all
    Found together(LossTensors own, List<Long> samples, BitSet reached, Device device) {
        if (group.isAlone()) return new Found(own, samples, reached);
        var all = together(new RankFinding(own.values(), samples, reached, 0, ""));
        return new Found(LossTensors.of(all.values(), device), all.samples(), all.reached());
    }

    /// What memory did not hold here: the others are to know.
    StepOutOfMemory shortage(TorchException e) {
        try {
            if (!group.isAlone()) together(RankFinding.ofShortage(StepOutOfMemory.words(group, e)));
        } catch (StepOutOfMemory told) {
            told.initCause(e);
            return told;
        }
        return new StepOutOfMemory(e);
    }

    private RankFinding together(RankFinding own) {
        var all = group.gather(own.signalled(signal.getAsInt()).bytes()).stream().map(RankFinding::of).toList();
        var whole = all.stream().reduce(RankFinding::plus).orElseThrow();
        if (whole.signal() != 0) heard.accept(whole.signal());
        if (!whole.shortage().isEmpty()) throw new StepOutOfMemory(whole.shortage());
        return whole;
    }

    /// The Euclidean norm of the whole gradient: of all that lies here and there, or rank 0's, which another one's kernels may have rounded
    /// otherwise. Where one is alone, its own, unread.
    ///
    /// @param own_ of what lies here, f64, 0-dim
    Tensor norm(Tensor own_) {
        if (group.isAlone()) return own_;
        var all = group.gather(Longs.toByteArray(Double.doubleToRawLongBits(own_.item()))).stream()
                .mapToDouble(bytes -> Double.longBitsToDouble(Longs.fromByteArray(bytes))).toArray();
        return Tensor.full(reducesToOwners() ? Math.sqrt(Arrays.stream(all).map(norm -> norm * norm).sum()) : all[0], DType.F64,
                own_.device());
    }

    /// The first text that is not empty, by rank; empty if all are.
    String first(String own) {
        return new RankTexts(group).concatenated(List.of(own)).stream().filter(text -> !text.isEmpty()).findFirst().orElse("");
    }
}
