package dev.fusedit.trainer.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Rows of `metadata.jsonl` and `metadata.csv`, each with a `file_name` relative to its own folder and texts in its other fields, as Hugging
/// Face's imagefolder has them.
///
/// @param rows by the key of their image
/// @param problems rows without an image
/// @param fields names of texts
/// @param files how many files there are
record Metadata(Map<String, Map<String, String>> rows, List<Problem> problems, Set<String> fields, int files) {
    private static final String FILE_NAME = "file_name";

    /// @throws UserError if a file of metadata cannot be read, or names no files
    static Metadata of(Path folder, FolderFiles files) {
        var metadata = new Metadata(new HashMap<>(), new ArrayList<>(), new HashSet<>(),
                files.metadata().values().stream().mapToInt(List::size).sum());
        var images = new HashSet<String>();
        files.images().forEach(image -> images.add(image.key()));
        files.metadata().forEach((below, names) -> names.forEach(name -> metadata.read(folder, below, name, images)));
        return metadata;
    }

    Map<String, String> texts(String key) {
        return rows.getOrDefault(key, Map.of());
    }

    private void read(Path folder, String below, String name, Set<String> images) {
        try {
            CaptionRows.read(folder.resolve(name), name, new CaptionRows.Taker() {
                @Override
                public void row(String place, JsonNode row) {
                    if (row.path(FILE_NAME).isTextual()) Metadata.this.row(row, below, place, images);
                    else if (isCsv(name))
                        throw new UserError(name + ": has no column " + FILE_NAME + ", which says whose captions they are");
                    else bad(place, "has no " + FILE_NAME);
                }

                @Override
                public void bad(String place, String detail) { problems.add(new Problem(place, Cause.BAD_TEXT, detail)); }
            });
        } catch (IOException e) {
            throw new UserError("%s: cannot be read as the captions of its images: %s".formatted(folder.resolve(name),
                    SystemReason.of(e)), e);
        }
    }

    private static boolean isCsv(String name) { return name.toLowerCase(Locale.ROOT).endsWith(".csv"); }

    private void row(JsonNode row, String below, String place, Set<String> images) {
        var file = file(below, row.path(FILE_NAME).asText());
        if (file == null) {
            problems.add(new Problem(place, Cause.BAD_TEXT, "has a " + FILE_NAME + " that no file can have"));
            return;
        }
        if (!images.contains(file)) {
            problems.add(new Problem(file, Cause.BROKEN_IMAGE, "is named by " + place + ", and is not there"));
            return;
        }
        var texts = CaptionRows.texts(row, List.of(FILE_NAME));
        fields.addAll(CaptionRows.names(row, texts));
        rows.put(file, texts);
    }

    /// Null for what no path holds: half a character, or the character 0.
    private static @Nullable String file(String below, String name) {
        try {
            return Path.of(below).resolve(name).normalize().toString().replace('\\', '/');
        } catch (InvalidPathException _) {
            return null;
        }
    }
}
