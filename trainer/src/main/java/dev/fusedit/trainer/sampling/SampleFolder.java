package dev.fusedit.trainer.sampling;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
    private final FolderCall call;
    private final List<String> lines;

    private SampleFolder(Path folder, FolderCall call, List<String> lines) {
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
        var call = FolderCall.take(folder, UNFINISHED, name);
        try {
            var before = call.before();
            if (before.isMissingNode() || force || ours(folder).isEmpty()) { // a call that made no image keeps nobody out
                if (!force && !ours(folder).isEmpty()) {
                    Files.delete(folder.resolve(UNFINISHED));
                    throw SampleOutput.exists(name);
                }
                for (var old : ours(folder)) Files.delete(old);
                call.write(asked);
                return new SampleFolder(folder, call, new ArrayList<>());
            }
            FolderCall.requireSame(before, asked, other -> ("%s holds the images of another call, which is not finished: it differs in "
                    + "%s. Give another place, the same call to go on, or --force to replace them").formatted(name, other));
            var result = new SampleFolder(folder, call, wholeLines(folder));
            result.writeLines();
            return result;
        } catch (IOException | RuntimeException e) {
            call.close();
            throw e;
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
