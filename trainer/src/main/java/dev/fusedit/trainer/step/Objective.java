package dev.fusedit.trainer.step;

import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.ops.WholeGradients;
import dev.fusedit.torch.Factor;
import dev.fusedit.torch.distributed.ProcessGroup;
import java.util.List;

/// What a training step minimizes, over the weights of one lane.
///
/// Everything that is drawn is a function of the seed, the step and the place in the batch, so a part's losses do not depend on how the
/// batch is cut, nor on which lane computes them.
///
/// @param <B> a step's batch
/// @param <P> a part of it. Its losses are weighted by its share of the batch: summed over all parts they are the batch's
public interface Objective<B, P> {
    /// A batch, or this process's slice of one, in at most so many parts of nearly equal size. Their tensors are the innermost scope's.
    ///
    /// @param step global number, from 0
    /// @param ranks those that hold the batch's slices: what a part is weighted by, and compared with, is all of theirs
    /// @throws dev.fusedit.torch.TorchException if memory did not hold it here, and no other process waits for what it was to become
    /// @throws StepOutOfMemory if the memory of any process did not, and all of them know
    List<P> parts(B batch, long step, int count, ProcessGroup ranks);

    /// As if a slice were all of the batch, without asking anybody.
    default List<P> parts(B batch, long step, int count) { return parts(batch, step, count, ProcessGroup.alone()); }

    /// A part's losses, the innermost scope's; their gradients are added to those at the lane's leaves. Runs on the lane's thread.
    ///
    /// @param scale of the loss whose gradient is taken; not in what is returned
    /// @param whole is told leaves whose gradients are whole while the rest of the backward pass goes on; all others are at its end
    LossTensors backward(P part, Factor scale, WholeGradients whole);

    /// The forward of a part once more, with a look at all that flows through the models. Call it without gradients.
    void watch(P part, ForwardHooks hooks);
}
