package dev.fusedit.trainer.run;

import dev.fusedit.trainer.eval.ResultJson;
import java.nio.file.Path;

/// How a run ended.
public sealed interface Outcome {
    /// All of it is done.
    record Finished(ResultJson result) implements Outcome {}

    /// As many steps are done as were asked for; more are to come.
    ///
    /// @param step done, over all stages
    /// @param checkpoint the state after it
    record Paused(long step, Path checkpoint) implements Outcome {}
}
