package dev.fusedit.cli;

import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/// A command line for each command, as `--help`, the command reference and the list of everyday commands show it.
final class Examples {
    private static final Map<String, String> BY_COMMAND = Map.ofEntries(
            Map.entry("train", "train quickstart --minutes 30"),
            Map.entry("sample", "sample --model runs/quickstart --prompt \"a red thing\" -n 4 --out images.png"),
            Map.entry("serve", "serve --model runs/quickstart --runs runs"),
            Map.entry("eval", "eval --model runs/quickstart --out scores"),
            Map.entry("launch", "launch --nproc 2 -- train quickstart --out runs/two"),
            Map.entry("compare", "compare runs/a runs/b --html page.html"),
            Map.entry("study", "study recipes/studies/fusion.yaml --plan"),
            Map.entry("import", "import fuse-dit/ema.pt.zst --vae sd3/vae --tokenizer gemma-2b --out fuse-dit-pipeline"),
            Map.entry("export", "export --model runs/quickstart --out quickstart"),
            Map.entry("recipe list", "recipe list"),
            Map.entry("recipe show", "recipe show quickstart --full"),
            Map.entry("recipe check", "recipe check my.yaml"),
            Map.entry("recipe schema", "recipe schema"),
            Map.entry("recipe new", "recipe new --from photos --out my.yaml"),
            Map.entry("data audit", "data audit photos --html audit.html"),
            Map.entry("data show", "data show photos --out grid.png"),
            Map.entry("data prepare", "data prepare coyo --metadata 'coyo/*.parquet' --out shards --max-rows 100000"),
            Map.entry("data forget", "data forget shards --url https://example.org/a.jpg"),
            Map.entry("data cache", "data cache my.yaml --dry-run"),
            Map.entry("plan", "plan my.yaml --set stages.joint.batch=64"),
            Map.entry("info", "info runs/quickstart --hash"),
            Map.entry("bench", "bench train-s --dtype bf16"),
            Map.entry("bench curves", "bench curves --of batch,tokens"),
            Map.entry("bench feed", "bench feed my.yaml --images 2000"),
            Map.entry("parity", "parity fusion/src/test/resources/goldens"),
            Map.entry("doctor", "doctor"),
            Map.entry("shell", "shell examples/01-tensors.jsh"),
            Map.entry("completion", "completion bash > ~/.local/share/bash-completion/completions/fusedit"),
            Map.entry("help", "help data cache"));

    private Examples() {}

    /// @param path the words that name the command: `data cache`
    static Optional<String> of(String path) { return Optional.ofNullable(BY_COMMAND.get(path)).map("./fusedit "::concat); }

    /// As the end of each command's help.
    static void addTo(CommandSpec command) {
        of(path(command)).ifPresent(example -> command.usageMessage().footer("", "For example:", "  " + example.replace("%", "%%")));
        command.subcommands().values().forEach(below -> addTo(below.getCommandSpec()));
    }

    /// `data cache`, without the name of the whole.
    static String path(CommandSpec command) {
        if (command.parent() == null) return "";
        return (path(command.parent()) + " " + command.name()).strip();
    }
}
