package dev.fusedit.torch.distributed;

import dev.fusedit.torch.Tensor;
import java.util.List;
import java.util.Map;

/// The processes of one job, and what they do together. Each has a rank, from 0. Every process calls the same methods in the same order, with
/// tensors of the same dtypes and shapes.
///
/// All methods belong to the thread that runs torch. They throw [PeerLost] if another process is gone, or does not answer in time.
public interface ProcessGroup extends AutoCloseable {
    /// A process by itself, to which all of this is nothing.
    static ProcessGroup alone() { return new Alone(); }

    /// The processes that this one's environment says it is one of; by itself if it says nothing. Waits until all are there
    /// (`FUSEDIT_JOIN_SECONDS`, 300 if not set); afterwards each call waits so long (`FUSEDIT_ANSWER_SECONDS`, 1800).
    ///
    /// @param build what all processes must have in common
    /// @param environment as [Rendezvous] reads it
    /// @throws dev.fusedit.torch.UserError if a process is missing, twice there, or of another job or build; or the port is taken
    /// @throws dev.fusedit.torch.LibtorchUnavailable on a libtorch that is not the presets'
    static ProcessGroup join(String build, Map<String, String> environment) {
        return Rendezvous.of(environment)
                .map(place -> Joining.join(place, build, JobSettings.of(environment), environment, System.err::println))
                .orElseGet(ProcessGroup::alone);
    }

    int rank();

    /// How many there are.
    int size();

    default boolean isFirst() { return rank() == 0; }

    default boolean isAlone() { return size() == 1; }

    /// Bytes of gradients that are worth a sum of their own (`FUSEDIT_BUCKET_MIB`, 25 if not set).
    long bucketBytes();

    /// Begins to put the sum over all processes in a tensor's place, with the same bits in each. Sums go on beside the caller's work and
    /// end in the order in which they were begun, or in another.
    ///
    /// @param tensor contiguous; not to be read or written before the end, after which it is the caller's again
    Pending beginSum(Tensor tensor);

    /// As [#beginSum(Tensor)], in one process alone: what the others are left with is of no use.
    Pending beginSum(Tensor tensor, int to);

    /// One process's numbers take the tensors' places in all others.
    void broadcast(List<Tensor> tensors, int from);

    /// What each process has to say, in the order of their ranks.
    List<byte[]> gather(byte[] own);

    /// The rows of all, in the order of their ranks: tensors that differ in their first dimension at most. The result is the innermost scope's.
    Tensor gatherRows(Tensor own_R);

    /// Says something to all others, which [#hear] it. Rank 0 alone does.
    void tell(byte[] message);

    /// What rank 0 says next. It is waited for as long as rank 0 lives.
    Word hear();

    /// Rank 0's last word. Who does not hear it soon is left alone: another process may be gone, or in the midst of something.
    void end(int status);

    /// Brings tensors of one process to another.
    ///
    /// @param tensor of which the sender's numbers take the place in the receiver
    void move(Tensor tensor, int from, int to);

    /// Leaves the group; those that still wait for this process end.
    @Override
    void close();
}
