package dev.fusedit.cli;

import java.util.List;
import java.util.Map;

/// What options were called before: it goes on working, and help shows the present name alone.
final class RenamedOptions {
    private static final Map<String, Map<String, String>> BY_COMMAND = Map.of(
            "sample", Map.of("--prompts", "--prompt-file"),
            "compare", Map.of("--prompts", "--prompt-file"),
            "eval", Map.of("--prompts", "--prompts-per-kind", "--pictures", "--images-per-kind"));

    private RenamedOptions() {}

    /// The same arguments by present names.
    static String[] current(String... arguments) {
        var words = List.of(arguments);
        var renamed = words.stream().filter(BY_COMMAND::containsKey).findFirst().map(BY_COMMAND::get).orElse(Map.of());
        return words.stream().map(word -> {
            int end = word.indexOf('=') < 0 ? word.length() : word.indexOf('=');
            var name = renamed.get(word.substring(0, end));
            return name == null ? word : name + word.substring(end);
        }).toArray(String[]::new);
    }
}
