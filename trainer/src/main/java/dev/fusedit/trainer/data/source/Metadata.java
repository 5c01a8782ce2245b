package dev.fusedit.trainer.data.source;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

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
            var text = TextBytes.decode(Files.readAllBytes(folder.resolve(name)), name);
            if (name.toLowerCase(Locale.ROOT).endsWith(".csv")) {
                csv(text, below, name, images);
            } else {
                lines(folder, text, below, name, images);
            }
        } catch (BadSample | IOException e) {
            throw new UserError("%s: cannot be read as the captions of its images: %s".formatted(folder.resolve(name),
                    e instanceof IOException reason ? SystemReason.of(reason) : e.getMessage()), e);
        }
    }

    private void lines(Path folder, String text, String below, String name, Set<String> images) {
        int line = 0;
        for (var each : text.lines().toList()) {
            line++;
            if (each.isBlank()) continue;
            var place = name + ":" + line;
            try {
                var row = JsonFile.line(each, folder.resolve(name), line, "Mend the row");
                if (!row.path(FILE_NAME).isTextual()) {
                    problems.add(new Problem(place, Cause.BAD_TEXT, "has no " + FILE_NAME));
                } else {
                    row(row, below, place, images);
                }
            } catch (UserError e) {
                problems.add(new Problem(place, Cause.BAD_TEXT, String.valueOf(e.getMessage())));
            }
        }
    }

    private void csv(String text, String below, String name, Set<String> images) throws IOException {
        var mapper = CsvMapper.csvBuilder().enable(CsvParser.Feature.FAIL_ON_MISSING_HEADER_COLUMNS).build();
        try (MappingIterator<JsonNode> rows =
                mapper.readerFor(JsonNode.class).with(CsvSchema.emptySchema().withHeader().withColumnReordering(true)).readValues(text)) {
            for (int line = 2; rows.hasNextValue(); line++) {
                var row = rows.nextValue();
                if (!row.has(FILE_NAME))
                    throw new UserError(name + ": has no column " + FILE_NAME + ", which says whose captions they are");
                row(row, below, name + ":" + line, images);
            }
        } catch (JsonProcessingException e) {
            problems.add(new Problem(name, Cause.BAD_TEXT,
                    "cannot be read from line " + e.getLocation().getLineNr() + " on: " + e.getOriginalMessage()));
        }
    }

    private void row(JsonNode row, String below, String place, Set<String> images) {
        var file = Path.of(below).resolve(row.path(FILE_NAME).asText()).normalize().toString().replace('\\', '/');
        if (!images.contains(file)) {
            problems.add(new Problem(file, Cause.BROKEN_IMAGE, "is named by " + place + ", and is not there"));
            return;
        }
        var texts = new LinkedHashMap<String, String>();
        for (var field : row.properties()) {
            if (!field.getKey().equals(FILE_NAME) && field.getValue().isTextual()) texts.put(field.getKey(), field.getValue().textValue());
        }
        fields.addAll(texts.keySet());
        rows.put(file, texts);
    }
}
