package dev.fusedit.trainer.sampling;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.trainer.checkpoint.FolderLock;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A folder of images that grows image by image: `00000.png` … and a line for each in `prompts.jsonl`, written after its image.
///
/// As long as images are missing, `unfinished.json` says what was asked for: the same call goes on behind the last line, any other one is
/// refused. It is locked while a process writes here.
final class SampleFolder implements AutoCloseable {
    private static final String PROMPTS = "prompts.jsonl";
    private static final String UNFINISHED = "unfinished.json";
    private static final Pattern IMAGE = Pattern.compile("\\d{5,}\\.png");

    private final Path folder;
    private final FileChannel call;
    private final List<String> lines;

    private SampleFolder(Path folder, FileChannel call, List<String> lines) {
        this.folder = folder;
        this.call = call;
        this.lines = lines;
    }

    /// Whether images that somebody asked for are all there, or are there with no word of what was asked for.
    static boolean isFinished(Path folder) throws IOException {
        return Files.isDirectory(folder) && !Files.exists(folder.resolve(UNFINISHED)) && !ours(folder).isEmpty();
    }

    private static List<Path> ours(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> IMAGE.matcher(file.getFileName().toString()).matches()
                    || file.getFileName().toString().equals(PROMPTS)).toList();
        }
    }

    /// Takes the folder, which is made if it is not there.
    ///
    /// @param asked what identifies the call
    /// @param force whether images that are there are deleted, instead of going on or refusing
    /// @param name of the place in messages
    /// @throws UserError if another process writes here, or images of another call are here
    static SampleFolder open(Path folder, ObjectNode asked, boolean force, String name) throws IOException {
        Files.createDirectories(folder);
        var call =
                FileChannel.open(folder.resolve(UNFINISHED), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (!FolderLock.take(call, folder)) {
                throw new UserError(
                        "%s is in use: another process writes images there. Wait for it, or give another place".formatted(name));
            }
            var before = read(call);
            if (before.isMissingNode() || force || ours(folder).isEmpty()) { // a call that made no image keeps nobody out
                if (!force && !ours(folder).isEmpty()) {
                    Files.delete(folder.resolve(UNFINISHED));
                    throw SampleOutput.exists(name);
                }
                for (var old : ours(folder)) Files.delete(old);
                write(call, asked);
                return new SampleFolder(folder, call, new ArrayList<>());
            }
            requireSame(before, asked, name);
            var result = new SampleFolder(folder, call, wholeLines(folder));
            result.writeLines();
            return result;
        } catch (IOException | RuntimeException e) {
            call.close();
            throw e;
        }
    }

    /// Missing too where the first write was cut short.
    private static JsonNode read(FileChannel call) throws IOException {
        var bytes = ByteBuffer.allocate(Math.toIntExact(call.size()));
        while (bytes.hasRemaining() && call.read(bytes, bytes.position()) > 0) {}
        try {
            return JsonFile.object(new String(bytes.array(), StandardCharsets.UTF_8), UNFINISHED, "");
        } catch (UserError _) {
            return JsonNodeFactory.instance.missingNode();
        }
    }

    private static void write(FileChannel call, ObjectNode asked) throws IOException {
        call.truncate(0);
        var bytes = ByteBuffer.wrap((asked + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) call.write(bytes, bytes.position());
        call.force(true);
    }

    private static void requireSame(JsonNode before, ObjectNode asked, String name) {
        var keys = new TreeSet<String>();
        before.fieldNames().forEachRemaining(keys::add);
        asked.fieldNames().forEachRemaining(keys::add);
        // compared as text: what is read back may be an int where a long was written
        var other = keys.stream().filter(key -> !Objects.equals(before.path(key).toString(), asked.path(key).toString())).toList();
        if (!other.isEmpty()) {
            throw new UserError(
                    ("%s holds the images of another call, which is not finished: it differs in %s. Give another place, the same "
                            + "call to go on, or --force to replace them").formatted(name, String.join(", ", other)));
        }
    }

    /// Lines of images that are there, up to the first that is not.
    private static List<String> wholeLines(Path folder) throws IOException {
        var result = new ArrayList<String>();
        var file = folder.resolve(PROMPTS);
        if (!Files.exists(file)) return result;
        var text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8); // its end may be half a letter
        var whole = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        for (var line : whole) {
            if (!line.startsWith("{\"file\":\"%s\"".formatted(fileName(result.size())))
                    || !Files.exists(folder.resolve(fileName(result.size()))))
                break;
            result.add(line);
        }
        return result;
    }

    private static String fileName(int place) { return String.format(Locale.ROOT, "%05d.png", place); }

    /// So many images are there.
    int done() { return lines.size(); }

    /// The next image; it is on the disk when this returns.
    ///
    /// @param seed by which it is made again alone
    void add(PngImage image, String prompt, Seed seed, Map<String, String> notes) throws IOException {
        var name = fileName(done());
        WholeFile.write(folder.resolve(name), image.png(notes));
        lines.add(JsonNodeFactory.instance.objectNode().put("file", name).put("prompt", prompt).put("seed", seed.value()).toString());
        Files.writeString(folder.resolve(PROMPTS), lines.getLast() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void writeLines() throws IOException {
        if (Files.exists(folder.resolve(PROMPTS))) {
            WholeFile.write(folder.resolve(PROMPTS), lines.stream().map(line -> line + "\n").collect(Collectors.joining()));
        }
    }

    /// The images of some places, for a grid.
    List<Path> images() {
        var all = new ArrayList<Path>();
        for (int i = 0; i < done(); i++) all.add(folder.resolve(fileName(i)));
        return all;
    }

    /// All images are there.
    void finish() throws IOException { Files.delete(folder.resolve(UNFINISHED)); }

    /// Deletes all that was written here, and the folder.
    void delete() throws IOException {
        for (var file : ours(folder)) Files.delete(file);
        finish();
        Files.delete(folder);
    }

    /// Gives the folder back; what is there stays.
    @Override
    public void close() throws IOException { call.close(); }
}
