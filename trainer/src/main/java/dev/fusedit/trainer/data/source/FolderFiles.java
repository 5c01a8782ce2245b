package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.common.io.MoreFiles;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.ImageDecoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The names below a folder, sorted: images with the texts beside them, files of metadata, and how many others there are.
///
/// @param images in the order of their paths, by code points
/// @param metadata files of captions, by the folder that they are for
/// @param unread files that are neither image nor caption nor hidden
/// @param stamp of names, sizes and dates
record FolderFiles(List<Image> images, Map<String, List<String>> metadata, int hidden, int unread, String stamp) {
    private static final List<String> METADATA = List.of("metadata.jsonl", "metadata.csv");
    private static final String SYSTEM = "__MACOSX";

    /// @param key its path below the folder, with `/` on every system
    /// @param caption path of the text of the same name, if there is one
    /// @param bytes of its file; -1 for a folder of such a name
    record Image(String key, @Nullable String caption, long bytes) {}

    static FolderFiles of(Path folder) {
        var found = new Found(folder);
        try {
            Files.walkFileTree(folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, found);
        } catch (IOException e) {
            throw new UserError("%s: cannot be looked through: %s".formatted(folder, SystemReason.of(e)), e);
        }
        return found.result();
    }

    /// What a walk comes across.
    private static final class Found extends SimpleFileVisitor<Path> {
        private final Path folder;
        private final Map<String, Long> images = new TreeMap<>(Comparator.comparing(String::codePoints, Found::compare));
        private final Map<String, String> texts = new HashMap<>();
        private final Map<String, List<String>> metadata = new TreeMap<>();
        private final Map<String, String> dates = new TreeMap<>();
        private int hidden;
        private int files;

        Found(Path folder) { this.folder = folder; }

        private static int compare(IntStream a, IntStream b) {
            return Arrays.compare(a.toArray(), b.toArray());
        }

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
            if (directory.equals(folder)) return FileVisitResult.CONTINUE;
            if (isHidden(directory)) {
                try (var inside = Files.walk(directory)) {
                    hidden += (int) inside.filter(Files::isRegularFile).count();
                }
                return FileVisitResult.SKIP_SUBTREE;
            }
            if (ImageDecoder.isImageName(directory.getFileName().toString())) images.put(key(directory), -1L);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            var name = file.getFileName().toString();
            if (isHidden(file)) {
                hidden++;
                return FileVisitResult.CONTINUE;
            }
            files++;
            dates.put(key(file), attributes.size() + " " + attributes.lastModifiedTime().toMillis());
            if (ImageDecoder.isImageName(name)) {
                images.put(key(file), attributes.size());
            } else if (name.toLowerCase(Locale.ROOT).endsWith(".txt")) {
                texts.put(stem(key(file)), key(file));
            } else if (METADATA.contains(name.toLowerCase(Locale.ROOT))) {
                metadata.computeIfAbsent(key(file.getParent()), _ -> new ArrayList<>()).add(key(file));
            }
            return FileVisitResult.CONTINUE;
        }

        /// A loop of links, or a file that vanished or may not be read: there is nothing to read.
        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (file.equals(folder)) throw e;
            if (ImageDecoder.isImageName(file.getFileName().toString())) images.put(key(file), 0L);
            files++;
            return FileVisitResult.CONTINUE;
        }

        private static boolean isHidden(Path file) {
            var name = file.getFileName().toString();
            return name.startsWith(".") || name.equals(SYSTEM);
        }

        private String key(Path file) { return folder.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/"); }

        private static String stem(String key) {
            int end = key.length() - MoreFiles.getFileExtension(Path.of(key)).length();
            return end > 0 && end < key.length() ? key.substring(0, end - 1) : key;
        }

        FolderFiles result() {
            var list = images.entrySet().stream().map(each -> new Image(each.getKey(), texts.get(stem(each.getKey())), each.getValue()))
                    .collect(ImmutableList.toImmutableList());
            long folders = list.stream().filter(image -> image.bytes() < 0).count();
            long captions = list.stream().map(Image::caption).filter(Objects::nonNull).distinct().count();
            return new FolderFiles(list, metadata, hidden, (int) (files - (list.size() - folders) - captions),
                    Hashing.sha256().hashString(dates.toString(), StandardCharsets.UTF_8).toString());
        }
    }
}
