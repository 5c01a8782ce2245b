package dev.fusedit.trainer.data.prepare;

import dev.fusedit.torch.UserError;
import java.io.Serializable;

/// Has the parts of a preparation made on other machines, which see the same files. One is found by [java.util.ServiceLoader]; the optional module
/// `spark` has it.
public interface PartScheduler {
    /// Makes a part on whichever machine it gets to. A part that is asked for again, since whoever was at it is gone, goes on where that one ended.
    interface PartJob extends Serializable {
        /// @param part `i/n`, as [Part#parse] reads it
        /// @return shards that other processes are at
        int make(String part) throws InterruptedException;
    }

    /// Returns when all parts are made.
    ///
    /// @param master address of the scheduler; empty for one that the process was started by
    /// @param shards of the whole set, by which the number of parts is chosen
    /// @return shards that other processes are at
    /// @throws UserError if a part could not be made
    int run(String master, int shards, PartJob job);
}
