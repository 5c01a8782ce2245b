package dev.fusedit.trainer.study;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Runs commands of this program, each by itself. Called by several threads at once.
@FunctionalInterface
public interface CellProcesses {
    /// @param words of the command, `train` first
    /// @param environment further variables
    /// @param log what it says is added to it
    /// @return its exit code
    int run(List<String> words, Map<String, String> environment, Path log) throws InterruptedException;
}
