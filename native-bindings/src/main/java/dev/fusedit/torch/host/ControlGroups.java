package dev.fusedit.torch.host;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The control groups that limit this process: its own for each controller, and all parents of them that are to be seen.
///
/// `/proc/self/cgroup` names the group of each controller: `4:memory:/a/b` in version 1, `0::/a/b` for all in version 2; with both (hybrid)
/// version 1 has the controllers that it names. `/proc/self/mountinfo` tells where a hierarchy is mounted, and which group of it is: inside
/// a container often only the container's own. A group outside of what is mounted has no files; the mounted one's are what there is then.
///
/// @param memory groups that limit memory, the process's own first, its parents after it
/// @param cpu groups that limit time on CPUs, likewise
record ControlGroups(List<Group> memory, List<Group> cpu) {
    private static final Path USUAL = Path.of("sys/fs/cgroup");
    private static final Pattern ESCAPE = Pattern.compile("\\\\([0-7]{3})");

    /// @param folder of its files
    /// @param name its path as the system says it
    record Group(Path folder, String name, int version) {
        SystemFile file(String file) { return new SystemFile(folder.resolve(file)); }
    }

    /// Where a part of a hierarchy is to be seen.
    ///
    /// @param top the group that lies there
    /// @param controllers of version 1; of version 2 empty
    private record Mount(Path folder, String top, int version, List<String> controllers) {
        boolean has(@Nullable String controller) { return controller == null ? version == 2 : controllers.contains(controller); }
    }

    static ControlGroups of(Path root) {
        var mounts = mounts(root);
        var own = new SystemFile(root.resolve("proc/self/cgroup")).lines();
        return new ControlGroups(groups(root, "memory", own, mounts), groups(root, "cpu", own, mounts));
    }

    private static List<Group> groups(Path root, String controller, List<String> own, List<Mount> mounts) {
        var first = path(own, controller);
        var second = path(own, null);
        var found = first.isPresent() ? mounted(root, controller, mounts)
                : second.isPresent() ? mounted(root, null, mounts)
                : mounted(root, controller, mounts).or(() -> mounted(root, null, mounts));
        return found.map(mount -> upwards(mount, first.or(() -> second).orElse("/"))).orElse(List.of());
    }

    /// @param controller of version 1; null for version 2
    private static Optional<String> path(List<String> own, @Nullable String controller) {
        return own.stream().map(line -> Splitter.on(':').limit(3).splitToList(line)).filter(parts -> parts.size() == 3)
                .filter(parts -> controller == null ? parts.get(0).equals("0") && parts.get(1).isEmpty()
                        : Splitter.on(',').splitToList(parts.get(1)).contains(controller))
                .map(parts -> parts.get(2)).findFirst();
    }

    private static Optional<Mount> mounted(Path root, @Nullable String controller, List<Mount> mounts) {
        var found = mounts.stream().filter(mount -> mount.has(controller)).findFirst();
        if (found.isPresent() || !mounts.isEmpty()) {
            return found;
        }
        var usual = root.resolve(USUAL);
        var folder = controller == null ? usual : usual.resolve(controller);
        return Files.isDirectory(folder)
                ? Optional.of(new Mount(folder, "/", controller == null ? 2 : 1, controller == null ? List.of() : List.of(controller)))
                : Optional.empty();
    }

    /// `31 23 0:28 /top /folder rw shared:1 - cgroup cgroup rw,cpu,cpuacct`
    private static List<Mount> mounts(Path root) {
        var mounts = ImmutableList.<Mount>builder();
        for (var line : new SystemFile(root.resolve("proc/self/mountinfo")).lines()) {
            var halves = Splitter.on(" - ").limit(2).splitToList(line);
            if (halves.size() < 2 || !halves.get(1).startsWith("cgroup")) continue;
            var place = Splitter.on(' ').splitToList(halves.get(0));
            var kind = Splitter.on(' ').splitToList(halves.get(1));
            if (place.size() < 5 || kind.size() < 3) continue;
            var folder = root.resolve(plain(place.get(4)).replaceFirst("^/+", ""));
            boolean second = kind.get(0).equals("cgroup2");
            mounts.add(new Mount(folder, plain(place.get(3)), second ? 2 : 1,
                    second ? List.of() : Splitter.on(',').splitToList(kind.get(2))));
        }
        return mounts.build();
    }

    /// Spaces and the like stand there as `\040`.
    private static String plain(String text) {
        return ESCAPE.matcher(text).replaceAll(match -> Matcher.quoteReplacement("" + (char) Integer.parseInt(match.group(1), 8)));
    }

    private static List<Group> upwards(Mount mount, String path) {
        var groups = ImmutableList.<Group>builder();
        for (var group = inside(mount, path); group != null; group = parent(mount, group)) {
            groups.add(group);
        }
        return groups.build();
    }

    private static Group inside(Mount mount, String path) {
        var top = mount.top.equals("/") ? "" : mount.top;
        if (path.startsWith(top + "/") && !path.contains("/..")) {
            var folder = mount.folder.resolve(path.substring(top.length() + 1)).normalize();
            if (Files.isDirectory(folder)) {
                return new Group(folder, path, mount.version);
            }
        }
        return new Group(mount.folder, mount.top, mount.version);
    }

    private static @Nullable Group parent(Mount mount, Group group) {
        if (group.folder.equals(mount.folder)) {
            return null;
        }
        int end = group.name.lastIndexOf('/');
        var parent =
                new Group(Objects.requireNonNull(group.folder.getParent()), end <= 0 ? "/" : group.name.substring(0, end), group.version);
        boolean counts = group.version == 2 || !parent.file("memory.use_hierarchy").text().equals(Optional.of("0"));
        return counts ? parent : null;
    }
}
