package dev.fusedit.trainer.recipe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What records and their keys mean, in the words of their documentation. The sources of this package come along in the jar for that: what
/// is told to those who read the code is told to those who write recipes.
final class Descriptions {
    private static final Pattern RECORD = Pattern.compile("((?:[ ]*///.*\\n)+)(?:[ ]*@.*\\n)*[ ]*(?:public )?record (\\w+)\\(");
    private static final Pattern LINK = Pattern.compile("\\[([^\\]]+)\\](?:\\(([^)]*)\\))?");

    private final Map<String, Map<String, String>> files = new HashMap<>();

    /// What the record as a whole means.
    Optional<String> of(Class<?> record) { return Optional.ofNullable(file(record).get(record.getSimpleName())); }

    /// What one of its components means.
    Optional<String> of(Class<?> record, String component) {
        return Optional.ofNullable(file(record).get(record.getSimpleName() + "." + component));
    }

    private Map<String, String> file(Class<?> type) {
        var outermost = type;
        while (outermost.getEnclosingClass() != null) outermost = outermost.getEnclosingClass();
        return files.computeIfAbsent(outermost.getSimpleName(), Descriptions::read);
    }

    private static Map<String, String> read(String file) {
        try (var in = Descriptions.class.getResourceAsStream(file + ".java")) {
            if (in == null) throw new IllegalStateException("the source of " + file + " is not there");
            var found = new HashMap<String, String>();
            var matcher = RECORD.matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            while (matcher.find()) add(matcher.group(2), matcher.group(1), found);
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void add(String record, String comment, Map<String, String> found) {
        String key = record;
        var text = new StringBuilder();
        for (String line : comment.lines().map(line -> line.strip().replaceFirst("^/// ?", "")).toList()) {
            var begun = line.startsWith("@param ");
            if (begun) {
                put(key, text, found);
                var words = line.split(" ", 3);
                key = record + "." + words[1];
                line = words.length > 2 ? words[2] : "";
            }
            text.append(line.strip()).append(' ');
        }
        put(key, text, found);
    }

    /// As plain text: a link's words, and its address if it is one of the web.
    private static void put(String key, StringBuilder text, Map<String, String> found) {
        String plain =
                LINK.matcher(text.toString().strip()).replaceAll(link -> Matcher.quoteReplacement(words(link.group(1), link.group(2))));
        if (!plain.isEmpty()) found.put(key, plain.replace("`", "'").replaceAll("\\s+", " "));
        text.setLength(0);
    }

    private static String words(String words, String address) {
        return address != null && address.startsWith("http") ? words + " (" + address + ")" : words.substring(words.lastIndexOf('.') + 1);
    }
}
