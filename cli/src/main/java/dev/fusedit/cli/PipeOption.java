package dev.fusedit.cli;

import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.trainer.log.ProgressLine;
import java.util.List;
import picocli.CommandLine.Option;

/// Whether shards may be what commands write. It is no key of a recipe, since a recipe may come from anywhere.
final class PipeOption {
    @Option(names = "--allow-pipe", description = "Run the commands of shards that are named as 'pipe:COMMAND'.")
    private boolean allowed;

    Pipes pipes() { return allowed ? Pipes.ALLOWED : Pipes.REFUSED; }

    /// Of a command that has no recipe.
    ShardSettings settings() { return ShardSettings.ofUser(pipes(), ProgressLine.onStderr()::message); }

    /// As words of a command line.
    List<String> words() { return allowed ? List.of("--allow-pipe") : List.of(); }
}
