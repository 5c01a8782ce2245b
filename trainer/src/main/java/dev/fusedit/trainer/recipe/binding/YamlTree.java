package dev.fusedit.trainer.recipe.binding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/// Reads YAML into [Node]s that know their lines. Refuses what would make a recipe mean two things: a key given twice, a second
/// document, anchors and aliases.
public final class YamlTree {
    private static final YAMLFactory YAML = new YAMLFactory();

    private final YAMLParser parser;
    private final IntFunction<String> placeOfLine;

    private YamlTree(YAMLParser parser, IntFunction<String> placeOfLine) {
        this.parser = parser;
        this.placeOfLine = placeOfLine;
    }

    /// @param origin what errors begin with; the line is added to it: `recipe quickstart.yaml`
    public static Node read(String text, String origin) { return read(text, origin, line -> origin + ":" + line); }

    /// A piece of YAML that has no line of its own: an override, a default.
    public static Node fragment(String text, String place) { return read(text, place, _ -> place); }

    private static Node read(String text, String origin, IntFunction<String> placeOfLine) {
        try (var parser = YAML.createParser(text)) {
            var tree = new YamlTree(parser, placeOfLine);
            return parser.nextToken() == null ? new Node.Empty(origin) : tree.document(origin);
        } catch (JsonProcessingException e) {
            throw notYaml(e, origin, placeOfLine);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Node document(String origin) throws IOException {
        Node root = node(origin);
        if (parser.nextToken() != null) throw new UserError(here() + ": one recipe is one YAML document, here a second one begins");
        return root;
    }

    /// @param place the place of the key in front, or of the whole
    private Node node(@Nullable String place) throws IOException {
        String at = place == null ? here() : place;
        if (parser.isCurrentAlias() || parser.getObjectId() != null)
            throw new UserError(here() + ": anchors (&) and aliases (*) have no meaning in a recipe, write the value out");
        JsonToken token = parser.currentToken();
        return switch (token) {
            case START_OBJECT -> block(at);
            case START_ARRAY -> items(at);
            case VALUE_NULL -> new Node.Empty(at);
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Node.Scalar(at, parser.getText(), Node.Scalar.Type.NUMBER);
            case VALUE_TRUE, VALUE_FALSE -> new Node.Scalar(at, token.asString(), Node.Scalar.Type.BOOLEAN);
            default -> new Node.Scalar(at, parser.getText(), Node.Scalar.Type.TEXT);
        };
    }

    private Node block(String place) throws IOException {
        var entries = new LinkedHashMap<String, Node.Entry>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = Names.unaliased(parser.currentName());
            String at = here();
            var earlier = entries.get(key);
            if (earlier != null) throw new UserError(at + ": key '" + key + "' is given twice, first at " + earlier.place());
            parser.nextToken();
            entries.put(key, new Node.Entry(at, node(at)));
        }
        return new Node.Block(place, entries);
    }

    private Node items(String place) throws IOException {
        var items = new ArrayList<Node>();
        while (parser.nextToken() != JsonToken.END_ARRAY) items.add(node(null));
        return new Node.Items(place, items);
    }

    private String here() { return placeOfLine.apply(parser.currentTokenLocation().getLineNr()); }

    /// The parser's own sentence, and its mark: Jackson's location is where its parser stood, which may be lines above.
    private static UserError notYaml(JsonProcessingException e, String origin, IntFunction<String> placeOfLine) {
        if (e.getCause() instanceof MarkedYAMLException marked && marked.getProblemMark() != null)
            return new UserError(placeOfLine.apply(marked.getProblemMark().getLine() + 1) + ": not YAML: " + marked.getProblem(), e);
        String place = e.getLocation() == null ? origin : placeOfLine.apply(e.getLocation().getLineNr());
        return new UserError(place + ": not YAML: " + e.getOriginalMessage().lines().findFirst().orElse(""), e);
    }
}
