package dev.fusedit.torch.distributed;

import dev.fusedit.torch.javacpp.C10dFailure;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Another process of the job is gone, or does not answer: nothing can be computed together any more.
public final class PeerLost extends RuntimeException {
    /// What a process ends with. It is SIGABRT's, as of torch's own watchdogs: launchers that tell failures apart start a job again where a
    /// process has ended by a signal.
    public static final int STATUS = 134;

    private static final long serialVersionUID = 1;

    private PeerLost(String message, @Nullable Throwable cause) { super(message, cause); }

    /// A process that was started anew, while the others go on or are about to notice that it was gone: it is to come back with all of them.
    static PeerLost begun(int rank, String place) {
        return new PeerLost(
                "Rank %d was started anew by itself: the job at %s is already running, or ending. Start again, all its processes"
                        .formatted(rank, place),
                null);
    }

    /// @param patience that the collective had
    static PeerLost of(int rank, Duration patience, C10dFailure cause) { return of(rank, patience, cause, _ -> ""); }

    /// @param hanging asked for which processes hang where one has not answered in time; told what was waited for
    static PeerLost of(int rank, Duration patience, C10dFailure cause, UnaryOperator<String> hanging) {
        var said = String.valueOf(cause.getMessage());
        if (!said.contains("imed out") && !said.contains("imeout")) {
            return new PeerLost("Rank %d ends: another process of this job is gone (c10d: %s)".formatted(rank, said), cause);
        }
        var waited = "Rank %d has waited %d s for the other processes in vain".formatted(rank, patience.toSeconds());
        return new PeerLost("%s: one of them hangs or is unreachable (c10d: %s)%s".formatted(waited, said, hanging.apply(waited)), cause);
    }
}
