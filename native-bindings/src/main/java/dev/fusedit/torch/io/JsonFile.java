package dev.fusedit.torch.io;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Ascii;
import dev.fusedit.torch.UserError;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The one way JSON files are read, and the one set of sentences for what may be wrong with them. Each names the file, the line and column
/// where there is one, and what to do about it. What is wrong with a field of an object is said by whoever reads the field.
///
/// Stricter than Python's reader: no key twice in an object, at most 100 levels, at most 256 MiB. Like it, nothing after the value.
/// Stateless: any thread may read.
public final class JsonFile {
    private static final int SHOWN = 80;
    private static final Pattern OF_JAVA =
            Pattern.compile("[:;,]? ?\\(?(enable `|from `|start marker at|not recognized as one since Feature|\\[?Source:).*",
                    Pattern.DOTALL);
    private static final Pattern NON_FINITE = Pattern.compile("token '\\s*([-+]?(?:Infinity|INF|NaN))'");
    private static final int MOST_LEVELS = 100;
    private static final long MOST_BYTES = 256 << 20;
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MOST_LEVELS).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES).build();

    private JsonFile() {}

    /// Any value.
    ///
    /// @param remedy what to do where the file is missing or broken, as the end of an error: "Fetch the model's folder anew"
    /// @throws UserError naming the file, if it is missing, a folder, unreadable, too large, empty or not JSON
    public static JsonNode read(Path file, String remedy) { return parsed(file, remedy, Source::tree); }

    /// Reads an object as it passes.
    @FunctionalInterface
    public interface Passing<T> {
        /// @param parser at the object's beginning, to be left at its end
        T read(JsonParser parser) throws IOException;
    }

    /// An object that is too large to be kept as a tree. What of it makes a tree is read by the parser's `readValueAsTree`.
    ///
    /// @throws UserError as [#object(Path, String)]
    public static <T> T passing(Path file, String remedy, Passing<T> reader) {
        return parsed(file, remedy, (source, parser) -> source.passing(parser, reader));
    }

    /// What is made of a file's value.
    private interface Made<T> {
        T of(Source source, JsonParser parser) throws IOException;
    }

    private static <T> T parsed(Path file, String remedy, Made<T> made) {
        var source = new Source(file.toString(), 1, remedy);
        try {
            if (Files.isDirectory(file)) throw source.error("is a folder, a JSON file is needed");
            long size = Files.size(file);
            if (size > MOST_BYTES) throw source.error("has %d bytes, JSON of up to %d is read".formatted(size, MOST_BYTES));
            try (var parser = JSON.createParser(file.toFile())) {
                return made.of(source, parser);
            }
        } catch (JsonProcessingException e) {
            requireText(file);
            throw source.invalid(e);
        } catch (CharConversionException e) {
            requireText(file);
            throw source.error("is not a JSON file in UTF-8", e);
        } catch (IOException e) {
            throw FileBytes.unreadable(file, remedy, e);
        }
    }

    /// @throws UserError saying what a file is that cannot be JSON
    private static void requireText(Path file) {
        var format = FileFormat.of(file);
        switch (format) {
            case JSON, EMPTY, YAML, TEXT, UTF16, UTF32, UNKNOWN -> {}
            default -> throw format.insteadOf("a JSON file", file);
        }
    }

    /// An object.
    ///
    /// @throws UserError as [#read], and if the file holds another kind of value
    public static ObjectNode object(Path file, String remedy) { return new Source(file.toString(), 1, remedy).object(read(file, remedy)); }

    /// An object out of a text.
    ///
    /// @param where what errors call the text: its file, or a place in one
    /// @throws UserError as [#object(Path, String)]
    public static ObjectNode object(String text, String where, String remedy) { return new Source(where, 1, remedy).object(text); }

    /// An object out of one line of a file.
    ///
    /// @param number of the line, from 1
    /// @throws UserError as [#object(Path, String)]
    public static ObjectNode line(String line, Path file, int number, String remedy) {
        return new Source(file.toString(), number, remedy).object(line);
    }

    /// A record out of a text, with a field for each component and no other; that of a component which may be null may be left out.
    ///
    /// @param where what errors call the text
    /// @throws UserError as [#object(Path, String)], and if a field is missing, superfluous or of another type
    public static <T extends Record> T record(String text, String where, Class<T> type, String remedy) {
        var source = new Source(where, 1, remedy);
        var tree = source.object(text);
        leaveOut(tree, type);
        try {
            return JSON.treeToValue(tree, type);
        } catch (JsonMappingException e) {
            throw source.error(wrong(tree, e), e);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a tree is well formed", e);
        }
    }

    /// What may be null may be missing, in records of the record too.
    private static void leaveOut(ObjectNode tree, Class<?> type) {
        for (var component : type.getRecordComponents()) {
            boolean mayBeNull = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
            if (mayBeNull && !tree.has(component.getName())) tree.putNull(component.getName());
            if (component.getType().isRecord() && tree.get(component.getName()) instanceof ObjectNode inner)
                leaveOut(inner, component.getType());
        }
    }

    private static String wrong(ObjectNode tree, JsonMappingException e) {
        var path = e.getPath().stream().map(step -> step.getFieldName() == null ? String.valueOf(step.getIndex()) : step.getFieldName())
                .toList();
        var value = tree.at(path.stream().map(step -> "/" + step).collect(joining()));
        String what = e instanceof UnrecognizedPropertyException ? "is no field of it" : value.isMissingNode() ? "is missing"
                : "has a wrong value, " + Ascii.truncate(value.toString(), SHOWN, "…");
        return String.join(".", path) + " " + what;
    }

    /// What errors are about.
    private record Source(String name, int firstLine, String remedy) {
        ObjectNode object(String text) {
            try (var parser = JSON.createParser(text)) {
                return object(tree(parser));
            } catch (JsonProcessingException e) {
                throw invalid(e);
            } catch (IOException e) {
                throw new AssertionError("a text needs no file", e);
            }
        }

        ObjectNode object(JsonNode node) {
            if (node instanceof ObjectNode object) return object;
            throw error("must be a JSON object, but is " + kind(node));
        }

        JsonNode tree(JsonParser parser) throws IOException {
            JsonNode tree = JSON.readTree(parser);
            if (tree == null) throw error("is empty, JSON is needed");
            requireEnd(parser);
            return tree;
        }

        <T> T passing(JsonParser parser, Passing<T> reader) throws IOException {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                object(parser.hasCurrentToken() ? parser.<JsonNode>readValueAsTree() : tree(parser));
            }
            T made = reader.read(parser);
            requireEnd(parser);
            return made;
        }

        private static void requireEnd(JsonParser parser) throws IOException {
            if (parser.nextToken() != null) throw new JsonParseException(parser, "more follows the value", parser.currentTokenLocation());
        }

        UserError error(String what) { return new UserError("%s: %s. %s".formatted(name, what, remedy)); }

        UserError error(String what, Exception cause) { return new UserError("%s: %s. %s".formatted(name, what, remedy), cause); }

        /// At `FILE:LINE:COLUMN`, from 1; a limit of the reader's has no place.
        UserError invalid(JsonProcessingException e) {
            var at = e.getLocation();
            if (at == null) return error("is not read: " + sentence(e), e);
            return new UserError("%s:%d:%d: is not valid JSON: %s. %s".formatted(name, firstLine + at.getLineNr() - 1, at.getColumnNr(),
                    sentence(e), remedy), e);
        }
    }

    /// The library's own, without what is about its Java.
    private static String sentence(JsonProcessingException e) {
        var nonFinite = NON_FINITE.matcher(e.getOriginalMessage());
        if (nonFinite.find()) {
            return nonFinite.group(1) + ", which Python writes, is no number in JSON: put one there that is meant, or leave the field out";
        }
        var text = OF_JAVA.matcher(e.getOriginalMessage()).replaceFirst("");
        return text.matches(".*\\(\\d+") ? text + ")" : text;
    }

    private static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case ARRAY -> "a list";
            case STRING -> "a text";
            case NUMBER -> "a number";
            case BOOLEAN -> "true or false";
            case NULL -> "null";
            case OBJECT, BINARY, POJO, MISSING -> throw new AssertionError("not read from a file: " + node.getNodeType());
        };
    }
}
