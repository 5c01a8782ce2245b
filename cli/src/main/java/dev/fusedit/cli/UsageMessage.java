package dev.fusedit.cli;

import dev.fusedit.trainer.recipe.binding.Names;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// What is wrong with a command line, with what may have been meant.
final class UsageMessage {
    private static final String LONG = "--";

    private UsageMessage() {}

    /// @param arguments all that were given
    static String of(ParameterException wrong, List<String> arguments) {
        var command = wrong.getCommandLine().getCommandSpec();
        return switch (wrong) {
            case UnmatchedArgumentException unmatched -> ofUnmatched(unmatched, command);
            case MissingParameterException missing -> { // what is missing may be there, misspelt
                var unknown = unknownOptions(arguments, command);
                yield unknown.isEmpty() ? String.valueOf(missing.getMessage()) : text(unknown, command);
            }
            default -> String.valueOf(wrong.getMessage());
        };
    }

    /// `Unknown command 'tarin'. Did you mean 'train'?`
    static String unknownCommand(String word, CommandSpec parent) {
        return "Unknown command '%s'.%s".formatted(word, Names.hint(word, parent.subcommands().keySet()));
    }

    private static String ofUnmatched(UnmatchedArgumentException unmatched, CommandSpec command) {
        var words = unmatched.getUnmatched();
        if (!words.getFirst().startsWith("-") && !command.subcommands().isEmpty()) return unknownCommand(words.getFirst(), command);
        var options = words.stream().filter(word -> word.startsWith("-")).map(UsageMessage::name).toList();
        return options.isEmpty() ? String.valueOf(unmatched.getMessage()) : text(options, command);
    }

    private static String text(List<String> unknown, CommandSpec command) {
        var names = known(command).entrySet().stream().filter(option -> option.getKey().startsWith(LONG) && !option.getValue().hidden())
                .map(Map.Entry::getKey).toList();
        return String.join("\n", unknown.stream()
                .map(option -> "Unknown option '%s'.%s".formatted(option, option.length() > LONG.length() ? Names.hint(option, names) : ""))
                .toList());
    }

    /// Those that begin with two dashes, up to the one that is these alone; what an option takes is none.
    private static List<String> unknownOptions(List<String> arguments, CommandSpec command) {
        var known = known(command);
        var unknown = new ArrayList<String>();
        for (int i = 0; i < arguments.size() && !arguments.get(i).equals(LONG); i++) {
            var word = arguments.get(i);
            var option = known.get(name(word));
            if (option == null && word.startsWith(LONG)) unknown.add(name(word));
            if (option != null && option.arity().min() > 0 && !word.contains("=")) i++;
        }
        return unknown;
    }

    private static String name(String word) { return word.split("=", 2)[0]; }

    /// Options of a command and of those above it, by name.
    private static Map<String, OptionSpec> known(CommandSpec command) {
        var known = new HashMap<String, OptionSpec>();
        for (var at = command; at != null; at = at.parent()) at.optionsMap().forEach(known::putIfAbsent);
        return known;
    }
}
