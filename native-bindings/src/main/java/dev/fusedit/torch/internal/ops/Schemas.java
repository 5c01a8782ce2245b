package dev.fusedit.torch.internal.ops;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/// The operators of libtorch's dispatcher (namespaces aten and mkldnn), from a list in the jar, since the C ABI cannot tell. A line is
/// parsed when it is first asked for.
///
/// The list is that of 2.13; a second one has the operators of 2.10 that differ or are missing there. A call with another number of
/// arguments than the loaded library expects would read stale memory, so for the versions between the two an operator that changed on
/// the way is not offered at all.
public final class Schemas {
    private static final Map<String, Schemas> BY_MINOR = new ConcurrentHashMap<>();

    private final NavigableMap<String, String> lines;
    private final Map<String, Schema> parsed = new ConcurrentHashMap<>();

    private Schemas(NavigableMap<String, String> lines) { this.lines = lines; }

    /// @param version of the loaded libtorch, such as `2.13.0`
    public static Schemas of(String version) {
        return BY_MINOR.computeIfAbsent(version.substring(0, version.lastIndexOf('.')), Schemas::load);
    }

    private static Schemas load(String minor) {
        var lines = read("schemas.txt");
        if (!minor.equals("2.13")) {
            read("schemas-2.10.txt").forEach((name, line) -> {
                if (minor.equals("2.10") && !line.endsWith("missing")) {
                    lines.put(name, line);
                } else {
                    lines.remove(name);
                }
            });
        }
        return new Schemas(lines);
    }

    /// @param name with its namespace
    /// @param overload empty if there is none
    public Optional<Schema> find(String name, String overload) { return find(overload.isEmpty() ? name : name + "." + overload); }

    private Optional<Schema> find(String full) {
        var line = lines.get(full);
        return line == null ? Optional.empty() : Optional.of(parsed.computeIfAbsent(full, _ -> SchemaParser.parse(line)));
    }

    /// All overloads of a name.
    public List<Schema> overloads(String name) {
        return lines.subMap(name, name + "/").keySet().stream().filter(full -> full.equals(name) || full.startsWith(name + "."))
                .map(full -> find(full).orElseThrow()).toList();
    }

    public List<Schema> all() { return lines.keySet().stream().map(full -> find(full).orElseThrow()).toList(); }

    /// Names, or overloads of the name, that look like what was asked for, nearest first.
    public List<String> similar(String name, String overload) {
        var overloads = overloads(name);
        if (!overloads.isEmpty()) {
            return overloads.stream().map(schema -> "\"" + schema.overload() + "\"").toList();
        }
        return lines.keySet().stream().map(full -> full.contains(".") ? full.substring(0, full.indexOf('.')) : full).distinct()
                .filter(known -> distance(name, known) <= 2 || known.endsWith("::" + name))
                .sorted(Comparator.comparingInt((String known) -> distance(name, known)).thenComparing(Comparator.naturalOrder())).limit(4)
                .toList();
    }

    /// Levenshtein's distance.
    private static int distance(String a, String b) {
        if (Math.abs(a.length() - b.length()) > 2) {
            return Integer.MAX_VALUE;
        }
        var row = new int[b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            var diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length() && i > 0; j++) {
                var substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
            for (int j = 1; j <= b.length() && i == 0; j++) {
                row[j] = j;
            }
        }
        return row[b.length()];
    }

    private static NavigableMap<String, String> read(String resource) {
        try (var in = Schemas.class.getResourceAsStream(resource)) {
            var lines = new TreeMap<String, String>();
            new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("#"))
                    .forEach(line -> lines.put(line.substring(0, line.indexOf('(')), line));
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
