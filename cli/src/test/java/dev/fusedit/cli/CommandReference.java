package dev.fusedit.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// The page `docs/commands.md`, from picocli's model of the commands.
final class CommandReference {
    private static final Set<String> OF_EVERY = Set.of("--help", "--version", "--debug", "--quiet", "--libtorch");

    private final List<String> lines = new ArrayList<>();

    private CommandReference() {}

    static String markdown() {
        var root = new Fusedit().commandLine().getCommandSpec();
        var page = new CommandReference();
        page.lines.addAll(List.of("# Commands", "",
                "What `--help` says, of all commands on one page; made of the program, not by hand. More about each: [the command line](command-line.md).",
                "", "Every command has these:", "", "| option | |", "|---|---|"));
        root.options().stream().filter(option -> OF_EVERY.contains(option.longestName())).forEach(page::row);
        root.subcommands().values().forEach(command -> page.add(command.getCommandSpec()));
        return String.join("\n", page.lines) + "\n";
    }

    private void add(CommandSpec command) {
        var path = Examples.path(command);
        lines.addAll(List.of("", "#".repeat(1 + path.split(" ").length) + " " + path, ""));
        lines.add(Stream.of(command.usageMessage().description()).map(line -> cell(line, null)).collect(Collectors.joining(" ")));
        if (command.subcommands().isEmpty() || !command.positionalParameters().isEmpty()) {
            lines.addAll(List.of("", "    ./" + new Help(command, Help.defaultColorScheme(Ansi.OFF)).abbreviatedSynopsis().strip()));
            Examples.of(path).ifPresent(example -> lines.add("    " + example));
            rows(command);
        }
        command.subcommands().values().forEach(below -> add(below.getCommandSpec()));
    }

    private void rows(CommandSpec command) {
        var own = command.options().stream().filter(option -> !OF_EVERY.contains(option.longestName()) && !option.hidden()).toList();
        if (own.isEmpty() && command.positionalParameters().isEmpty()) return;
        lines.addAll(List.of("", "| | |", "|---|---|"));
        command.positionalParameters().forEach(this::row);
        own.forEach(this::row);
    }

    private void row(ArgSpec argument) {
        var label = argument.arity().max() > 0 ? argument.paramLabel().replaceAll("[<>]", "") : "";
        var name = switch (argument) {
            case OptionSpec option -> (String.join("`, `", option.names()) + " " + label).strip();
            case PositionalParamSpec _ -> label;
            default -> throw new AssertionError(argument);
        };
        var needed = argument.required() && argument.isOption() && argument.group() == null ? " Needed." : "";
        lines.add("| `%s` | %s%s |".formatted(name, cell(String.join(" ", argument.description()), argument), needed));
    }

    private static String cell(String text, ArgSpec argument) {
        if (argument != null) {
            text = text.replace("${DEFAULT-VALUE}", String.valueOf(argument.defaultValue())).replace("${COMPLETION-CANDIDATES}",
                    words(argument));
        }
        return text.replace("%n", " ").replace("%%", "%").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").strip();
    }

    private static String words(ArgSpec argument) {
        if (argument.completionCandidates() == null) return "";
        return StreamSupport.stream(argument.completionCandidates().spliterator(), false)
                .collect(Collectors.joining(", "));
    }
}
