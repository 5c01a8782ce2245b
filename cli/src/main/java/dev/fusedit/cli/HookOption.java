package dev.fusedit.cli;

import java.util.List;
import picocli.CommandLine.Option;

/// Whether a recipe's `logging.hook` is run. It is no key of a recipe, since a recipe may come from anywhere.
final class HookOption {
    private static final String KEY = "logging.hook=";

    @Option(names = "--allow-hook",
            description = "Run the command that the recipe's logging.hook names. One that --set gives needs no leave.")
    private boolean allowed;

    /// @param settings of the command line
    boolean allows(List<String> settings) { return allowed || settings.stream().anyMatch(setting -> setting.startsWith(KEY)); }

    /// As words of a command line.
    List<String> words() { return allowed ? List.of("--allow-hook") : List.of(); }
}
