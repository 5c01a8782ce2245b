package dev.fusedit.trainer.data.source;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.table.DuckDb;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Rows of captions in a file: JSON lines, CSV with a header, or Parquet. They are read one after the other; the file may be larger than memory.
final class CaptionRows {
    private static final char MARK = '\ufeff';
    private static final CsvSchema HEADER = CsvSchema.emptySchema().withHeader().withColumnReordering(true);

    private CaptionRows() {}

    /// What is done with rows. A place is `NAME:LINE`.
    interface Taker {
        void row(String place, JsonNode row);

        /// What stands there is no row.
        void bad(String place, String detail);
    }

    /// Reads JSON lines, or CSV if the file's name ends in that.
    ///
    /// @param name what places begin with
    /// @throws IOException if the file cannot be read
    /// @throws UserError if it is not UTF-8
    static void read(Path file, String name, Taker taker) throws IOException {
        try (var text = Files.newBufferedReader(file)) {
            text.mark(1);
            if (text.read() != MARK) text.reset();
            if (name.toLowerCase(Locale.ROOT).endsWith(".csv")) csv(text, name, taker);
            else lines(file, text, name, taker);
        } catch (CharacterCodingException e) {
            throw new UserError(file + ": is not UTF-8", e);
        }
    }

    private static void lines(Path file, BufferedReader text, String name, Taker taker) throws IOException {
        int line = 0;
        for (String each; (each = text.readLine()) != null;) {
            line++;
            if (each.isBlank()) continue;
            var place = name + ":" + line;
            try {
                taker.row(place, JsonFile.line(each, file, line, "Mend the row"));
            } catch (UserError e) {
                taker.bad(place, String.valueOf(e.getMessage()));
            }
        }
    }

    private static void csv(BufferedReader text, String name, Taker taker) throws IOException {
        var mapper = CsvMapper.csvBuilder().enable(CsvParser.Feature.FAIL_ON_MISSING_HEADER_COLUMNS).build();
        try (MappingIterator<JsonNode> rows = mapper.readerFor(JsonNode.class).with(HEADER).readValues(text)) {
            for (int line = 2; rows.hasNextValue(); line++) taker.row(name + ":" + line, rows.nextValue());
        } catch (JsonProcessingException e) {
            taker.bad(name, "cannot be read from line " + e.getLocation().getLineNr() + " on: " + e.getOriginalMessage());
        }
    }

    /// Reads the texts of a Parquet file, and one column of whatever type as a text.
    ///
    /// @param key that column
    static void parquet(DuckDb db, ParquetFile file, String key, Taker taker) throws SQLException {
        var keyColumn = file.column(key).orElseThrow(() -> new UserError("%s: has no column '%s'; it has %s".formatted(file.file(), key,
                String.join(", ", file.columns().stream().map(ParquetFile.Column::name).toList()))));
        var texts = file.columns().stream().filter(column -> column.isText() && !column.equals(keyColumn)).toList();
        var names = texts.stream().map(column -> DuckDb.name(column.name())).toList();
        var number = new long[1];
        db.query("SELECT CAST(%s AS VARCHAR)%s FROM read_parquet(?, hive_partitioning = false)".formatted(DuckDb.name(key),
                names.isEmpty() ? "" : ", " + String.join(", ", names)), row -> {
                    var json = JsonNodeFactory.instance.objectNode().put(key, row.getString(1));
                    for (int i = 0; i < texts.size(); i++) {
                        if (texts.get(i).kind() == ParquetFile.Kind.TEXT) {
                            json.put(texts.get(i).name(), row.getString(i + 2));
                            continue;
                        }
                        var list = row.getArray(i + 2);
                        var several = json.putArray(texts.get(i).name());
                        if (list != null) Arrays.stream((Object[]) list.getArray()).forEach(text -> several.add((String) text));
                    }
                    taker.row(file.name() + "/" + number[0]++, json);
                }, DuckDb.path(file.file()));
    }

    /// A row's texts, lists of them too, but for those of some names.
    static Map<String, String> texts(JsonNode row, List<String> except) {
        var texts = new LinkedHashMap<String, String>();
        for (var field : row.properties()) {
            var value = field.getValue();
            if (except.contains(field.getKey())) continue;
            if (value.isTextual()) texts.put(field.getKey(), value.textValue());
            else if (value.isArray()) TextLists.put(texts, field.getKey(), value.valueStream().map(JsonNode::textValue).toList());
        }
        return texts;
    }

    /// The fields that a row's texts are from; those of a list have one.
    static Set<String> names(JsonNode row, Map<String, String> texts) {
        return texts.keySet().stream().map(name -> row.has(name) ? name : name.substring(0, name.lastIndexOf('.')))
                .collect(Collectors.toSet());
    }
}
