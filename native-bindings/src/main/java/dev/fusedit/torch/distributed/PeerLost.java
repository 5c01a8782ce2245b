package dev.fusedit.torch.distributed;

import dev.fusedit.torch.javacpp.C10dFailure;
import java.time.Duration;

/// Another process of the job is gone, or does not answer: nothing can be computed together any more.
public final class PeerLost extends RuntimeException {
    private static final long serialVersionUID = 1;

    private PeerLost(String message, Throwable cause) { super(message, cause); }

    /// @param patience that the collective had
    static PeerLost of(int rank, Duration patience, C10dFailure cause) {
        var said = String.valueOf(cause.getMessage());
        boolean late = said.contains("imed out") || said.contains("imeout");
        return new PeerLost(late
                ? "Rank %d has waited %d s for the other processes in vain: one of them hangs or is unreachable (c10d: %s)".formatted(rank,
                        patience.toSeconds(), said)
                : "Rank %d ends: another process of this job is gone (c10d: %s)".formatted(rank, said), cause);
    }
}
