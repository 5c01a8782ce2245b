package dev.fusedit.trainer.data.source;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderContents;
import dev.fusedit.trainer.data.shards.ShardAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Patterns of shards as WebDataset expands them: `::` stands between several, `{000..199}` counts as wide as it is written (down too, by
/// `{0..10..5}` in steps), `{a..d}` and `{a,b}` take each, `${X}` is the environment's `WDS_X`. Other braces stay as they are, and a
/// backslash keeps the letter after it from meaning anything.
public final class ShardNames {
    private static final long MOST = 1_000_000;
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");
    private static final Pattern NUMBERS = Pattern.compile("(-?\\d+)\\.\\.(-?\\d+)(?:\\.\\.(-?\\d+))?");
    private static final Pattern TARS = Pattern.compile(".*\\.(tar(\\.(gz|zst|zstd))?|tgz|tzst)");
    private static final Pattern LETTERS = Pattern.compile("([A-Za-z])\\.\\.([A-Za-z])");

    private ShardNames() {}

    /// @throws UserError if a range has more than a million names, a brace is not closed, or a variable is not set
    public static List<String> expand(String pattern) { return expand(pattern, System::getenv); }

    /// The shards that patterns stand for; of a folder the tar files in it, by their names.
    ///
    /// @throws UserError as [#expand], and if a folder has none, or an address is none
    public static List<ShardAddress> shards(List<String> patterns) {
        return patterns.stream().flatMap(pattern -> expand(pattern).stream()).map(ShardAddress::of).flatMap(ShardNames::inside).toList();
    }

    /// Those of the [#shards] that are files of this machine.
    public static List<Path> local(List<String> patterns) {
        return shards(patterns).stream().flatMap(address -> switch (address) {
            case ShardAddress.Local(var file) -> Stream.of(file);
            case ShardAddress.Http _ -> Stream.<Path>of();
            case ShardAddress.Piped _ -> Stream.<Path>of();
        }).toList();
    }

    private static Stream<ShardAddress> inside(ShardAddress address) {
        return switch (address) {
            case ShardAddress.Local(var path) when Files.isDirectory(path) -> inside(path).stream().map(ShardAddress.Local::new);
            case ShardAddress.Local _ -> Stream.of(address);
            case ShardAddress.Http _ -> Stream.of(address);
            case ShardAddress.Piped _ -> Stream.of(address);
        };
    }

    private static List<Path> inside(Path folder) {
        var tars = tars(folder);
        if (tars.isEmpty()) throw new UserError("%s: holds no tar archive; it holds %s".formatted(folder, FolderContents.of(folder)));
        var packed = new HashMap<String, Path>();
        for (var tar : tars) {
            var other = packed.put(new ShardAddress.Local(tar).tarName(), tar);
            if (other != null)
                throw new UserError(
                        "%s: holds both %s and %s. Take one away, or name the ones that are meant by a pattern".formatted(folder,
                                other.getFileName(), tar.getFileName()));
        }
        return tars;
    }

    /// Of a folder, by their names as they would be without packing; none if it has none.
    static List<Path> tars(Path folder) {
        try (var files = Files.list(folder)) {
            return files.filter(file -> isTar(file.getFileName().toString()))
                    .sorted(Comparator.comparing(file -> file.resolveSibling(new ShardAddress.Local(file).tarName()))).toList();
        } catch (IOException e) {
            throw new UserError("%s: cannot be looked through: %s".formatted(folder, SystemReason.of(e)), e);
        }
    }

    private static boolean isTar(String name) { return TARS.matcher(name.toLowerCase(Locale.ROOT)).matches(); }

    static List<String> expand(String pattern, Function<String, @Nullable String> environment) {
        var known = VARIABLE.matcher(pattern).replaceAll(found -> {
            var value = environment.apply("WDS_" + found.group(1));
            if (value == null) throw new UserError("%s: the environment has no WDS_%s".formatted(pattern, found.group(1)));
            return Matcher.quoteReplacement(value);
        });
        return Splitter.on("::").splitToStream(known).flatMap(part -> braces(part).stream()).map(name -> name.replaceAll("\\\\(.)", "$1"))
                .collect(ImmutableList.toImmutableList());
    }

    /// All names of a pattern without `::`.
    private static List<String> braces(String pattern) {
        for (int open = find(pattern, 0, '{'); open >= 0; open = find(pattern, open + 1, '{')) {
            int close = closing(pattern, open);
            if (close < 0) throw new UserError(pattern + ": a brace is not closed");
            var choices = choices(pattern.substring(open + 1, close));
            if (!choices.isEmpty()) {
                var before = pattern.substring(0, open);
                var rests = braces(pattern.substring(close + 1));
                return choices.stream().flatMap(choice -> rests.stream().map(rest -> before + choice + rest)).toList();
            }
        }
        return List.of(pattern);
    }

    /// The place of a letter that no backslash stands before; -1 for none.
    private static int find(String text, int from, char letter) {
        for (int i = from; i < text.length(); i++) {
            if (text.charAt(i) == '\\') i++;
            else if (text.charAt(i) == letter) return i;
        }
        return -1;
    }

    private static int closing(String pattern, int open) {
        int depth = 0;
        for (int i = open; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '\\') i++;
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth == 0) return i;
        }
        return -1;
    }

    /// What stands for braces; none for braces that mean themselves.
    private static List<String> choices(String inside) {
        var numbers = NUMBERS.matcher(inside);
        if (numbers.matches()) return counted(numbers.group(1), numbers.group(2), numbers.group(3));
        var letters = LETTERS.matcher(inside);
        if (letters.matches()) return lettered(letters.group(1).charAt(0), letters.group(2).charAt(0));
        var parts = parts(inside);
        return parts.size() == 1 ? List.of() : parts.stream().flatMap(part -> braces(part).stream()).toList();
    }

    /// Between the commas that lie in no further braces.
    private static List<String> parts(String inside) {
        var parts = new ArrayList<String>();
        int depth = 0, begin = 0;
        for (int i = 0; i < inside.length(); i++) {
            char c = inside.charAt(i);
            if (c == '\\') i++;
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (c == ',' && depth == 0) {
                parts.add(inside.substring(begin, i));
                begin = i + 1;
            }
        }
        parts.add(inside.substring(begin));
        return parts;
    }

    private static List<String> counted(String from, String to, @Nullable String by) {
        long first = number(from), last = number(to), step = by == null ? 1 : Math.max(1, Math.abs(number(by)));
        if (Math.abs(last - first) / step >= MOST) throw new UserError("{%s..%s} names more than %,d files".formatted(from, to, MOST));
        boolean padded = from.matches("-?0\\d+") || to.matches("-?0\\d+");
        int width = padded ? Math.max(from.length(), to.length()) : 0;
        var names = new ArrayList<String>();
        for (long i = first; first <= last ? i <= last : i >= last; i += first <= last ? step : -step) names.add(padded(i, width));
        return names;
    }

    private static long number(String digits) {
        if (digits.length() > 12) throw new UserError("{…%s…} counts too far".formatted(digits));
        return Long.parseLong(digits);
    }

    private static String padded(long number, int width) {
        var digits = Long.toString(Math.abs(number));
        var sign = number < 0 ? "-" : "";
        return sign + "0".repeat(Math.max(0, width - digits.length() - sign.length())) + digits;
    }

    private static List<String> lettered(char first, char last) {
        var names = new ArrayList<String>();
        for (int c = first; first <= last ? c <= last : c >= last; c += first <= last ? 1 : -1) names.add(String.valueOf((char) c));
        return names;
    }
}
