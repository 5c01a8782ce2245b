package dev.fusedit.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;

/// A command line as it stands in a page: `./fusedit train my.yaml   # what it does`.
final class DocumentedCommand {
    private static final Pattern WORD = Pattern.compile("((?:[^\\s'\"\\\\]|\\\\.|'[^']*'|\"[^\"]*\")+)");
    private static final Pattern ENDS = Pattern.compile("\\s(#|>|\\||&&|&|2>|<)(\\s|$)|;|\\)\"");
    /// What a reader fills in, where a number is meant.
    private static final Pattern NUMBER = Pattern.compile("[A-Z]");

    private DocumentedCommand() {}

    /// Whether it is a command, not the form of one: `[--json]`, `a|b`, `…`.
    static boolean isWhole(String text) { return !text.matches(".*(…|\\.\\.\\.|\\[|\\$|[a-z]\\|[a-z]|\\bCOMMAND\\b).*"); }

    /// What the program would say of it, where it does not take it.
    ///
    /// @param text from `./fusedit` on
    /// @param whole whether nothing may be missing
    static Optional<String> problem(String text, boolean whole) {
        var words = words(text);
        try {
            var parsed = new Fusedit().commandLine().parseArgs(words.toArray(String[]::new));
            var launched = words.indexOf("--");
            return parsed.hasSubcommand() && launched > 0
                    ? problem("./fusedit " + String.join(" ", words.subList(launched + 1, words.size())), whole)
                    : Optional.empty();
        } catch (MissingParameterException e) {
            return whole ? Optional.ofNullable(e.getMessage()) : Optional.empty();
        } catch (ParameterException e) {
            return Optional.ofNullable(e.getMessage());
        }
    }

    /// What the program is given: no comment, no pipe, no quotes, 1 where a letter stands for a number.
    static List<String> words(String text) {
        var end = ENDS.matcher(text);
        var words = new ArrayList<String>();
        var word = WORD.matcher(end.find() ? text.substring(0, end.start()) : text);
        while (word.find())
            words.add(NUMBER.matcher(word.group(1).replaceAll("['\"]", "")).matches() ? "1" : word.group(1).replaceAll("['\"]", ""));
        return words.subList(1, words.size());
    }
}
