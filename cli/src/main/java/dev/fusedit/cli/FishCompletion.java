package dev.fusedit.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// What completes commands in fish, from picocli's model of them: a line for each command, option and word that is known.
///
/// A line holds where the words so far name its command: `__fusedit_at data cache` asks whether the first words that are neither options
/// nor their values are these, and whether no command of theirs follows.
final class FishCompletion {
    private static final String HEAD = """
        # fusedit's completions for fish: fusedit completion fish > ~/.config/fish/completions/fusedit.fish
        function __fusedit_at
            set -l words (commandline -opc)
            set -e words[1]
            set -l commands
            for word in $words
                contains -- (string join ' ' -- $commands $word) %s; and set -a commands $word
            end
            test "$commands" = "$argv"
        end
        complete -c fusedit -f
        """;

    private final List<String> lines = new ArrayList<>();

    private FishCompletion() {}

    static String of(CommandSpec root) {
        var fish = new FishCompletion();
        fish.addAll("", root);
        var paths = paths("", root).map(FishCompletion::quoted).collect(Collectors.joining(" "));
        return HEAD.formatted(paths) + String.join("\n", fish.lines) + "\n";
    }

    /// Each command by the words that name it.
    private static Stream<String> paths(String path, CommandSpec command) {
        return command.subcommands().entrySet().stream().flatMap(below -> {
            var name = (path + " " + below.getKey()).strip();
            return Stream.concat(Stream.of(name), paths(name, below.getValue().getCommandSpec()));
        });
    }

    private void addAll(String path, CommandSpec command) {
        command.subcommands().forEach((name, below) -> add(path, "-a", name, below.getCommandSpec().usageMessage().description()));
        for (var option : command.options()) {
            if (!option.hidden()) add(path, option);
        }
        for (var parameter : command.positionalParameters()) {
            words(parameter).ifPresent(words -> add(path, "-a", quoted(words), parameter.description()));
            if (isFile(parameter) || RecipeNames.are(parameter)) add(path, "-F", "", new String[0]);
        }
        command.subcommands().forEach((name, below) -> addAll((path + " " + name).strip(), below.getCommandSpec()));
    }

    private void add(String path, OptionSpec option) {
        var names = Stream.of(option.names()).map(name -> name.startsWith("--") ? "-l " + name.substring(2) : "-s " + name.substring(1))
                .collect(Collectors.joining(" "));
        boolean takes = option.arity().max() > 0;
        var values = takes ? words(option).map(words -> " -x -a " + quoted(words)).orElse(isFile(option) ? " -r -F" : " -x") : "";
        add(path, names + values, "", option.description());
    }

    private void add(String path, String what, String value, String[] description) {
        var sentence =
                description.length == 0 ? "" : " -d " + quoted(description[0].replace("${DEFAULT-VALUE}", "").replace(" (default: )", ""));
        lines.add(("complete -c fusedit -n " + quoted("__fusedit_at " + path) + " " + what + " " + value).strip() + sentence);
    }

    /// What can stand there, where that is known.
    private static Optional<String> words(ArgSpec of) {
        if (of.completionCandidates() != null) {
            return Optional.of(StreamSupport.stream(of.completionCandidates().spliterator(), false).collect(Collectors.joining(" ")))
                    .filter(words -> !words.isBlank());
        }
        return Optional.empty();
    }

    private static boolean isFile(ArgSpec of) {
        return Stream.of(of.auxiliaryTypes()).anyMatch(Path.class::equals) || of.type() == Path.class;
    }

    private static String quoted(String text) { return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"; }
}
