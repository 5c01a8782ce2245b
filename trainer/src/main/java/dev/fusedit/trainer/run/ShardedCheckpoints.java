package dev.fusedit.trainer.run;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.stage.RankFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// Where the processes of a run write their parts of its checkpoints. Where they cannot, rank 0 is to gather all and write it alone: once, if a
/// write has failed, for then its own attempts decide; from then on, if another machine has another folder under the run's name.
///
/// Belongs to the thread that trains, of the first process.
final class ShardedCheckpoints {
    private final Checkpoints checkpoints;
    private final Consumer<String> said;
    private boolean apart;

    /// @param said told, in a sentence, why rank 0 writes alone
    ShardedCheckpoints(Checkpoints checkpoints, Consumer<String> said) {
        this.checkpoints = checkpoints;
        this.said = said;
    }

    /// Makes the folder; empty where it is of no use, or cannot be made.
    Optional<Path> begin(long step, int processes) {
        if (apart) return Optional.empty();
        try {
            return Optional.of(checkpoints.beginParts(step, RankFiles.names(processes)).toAbsolutePath());
        } catch (IOException e) {
            tell(WriteFailure.causeAndRemedy(e));
        } catch (UserError e) {
            tell(e.getMessage());
        }
        return Optional.empty();
    }

    /// Whether every process has written its part. If not, the folder is deleted.
    boolean areAllThere(Path folder, RankFiles written) {
        var failure = written.failure();
        failure.ifPresent(why -> {
            apart = written.isApart();
            tell(apart ? why + " (is it on a shared file system?), from now on" : why);
            checkpoints.discardParts(folder);
        });
        return failure.isEmpty();
    }

    private void tell(String why) { said.accept("Rank 0 gathers and writes the checkpoint alone: " + why); }
}
