package dev.fusedit.torch.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Which file or folder a person may have meant by one that is not there.
public final class NearFiles {
    private static final Pattern DIGITS = Pattern.compile("\\d+");
    private static final int MOST = 3;
    /// A folder with more is no place where somebody types names.
    private static final int MOST_NAMES = 10_000;

    private NearFiles() {}

    /// `. Did you mean runs/quickstart?`, to follow what says that it is not there; nothing if no name in its folder is near.
    public static String hint(Path missing) {
        var near = near(missing);
        return near.isEmpty() ? "" : near.stream().map(Path::toString).collect(Collectors.joining("? Or ", ". Did you mean ", "?"));
    }

    /// Those that are there, the nearest first; where its folder is not there either, in the folders that are near that.
    private static List<Path> near(Path missing) {
        if (missing.getFileName() == null) return List.of();
        var name = missing.getFileName().toString();
        return folders(missing).stream().flatMap(folder -> in(folder, name)).limit(MOST).toList();
    }

    private static List<Path> folders(Path missing) {
        var parent = missing.getParent();
        return parent == null ? List.of(Path.of("")) : Files.isDirectory(parent) ? List.of(parent) : near(parent);
    }

    private static Stream<Path> in(Path folder, String name) {
        if (!name.isEmpty() && Files.exists(folder.resolve(name))) return Stream.of(folder.resolve(name));
        try (var listed = Files.list(folder)) {
            var names = listed.limit(MOST_NAMES).map(file -> file.getFileName().toString())
                    .filter(known -> !known.startsWith(".") && !isAnotherNumber(known, name)).sorted().toList();
            return NearMisses.of(name, names).stream().map(folder::resolve);
        } catch (IOException _) {
            return Stream.empty(); // no folder, or one that may not be read: nothing is known
        }
    }

    /// Shard 12 is not meant by 13, which is missing.
    private static boolean isAnotherNumber(String known, String name) {
        return DIGITS.matcher(known).find() && DIGITS.matcher(known).replaceAll("#").equals(DIGITS.matcher(name).replaceAll("#"));
    }
}
