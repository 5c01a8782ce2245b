package dev.fusedit.trainer.recipe.binding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.reader.StreamReader;

/// Reads YAML into [Node]s that know their lines. Refuses what would make a recipe mean two things, or something that is not written where
/// it stands: a key given twice, a second document, anchors, aliases and merges, tags.
public final class YamlTree {
    private static final YAMLFactory YAML = new YAMLFactory();
    private static final int MOST_LEVELS = 32;
    private static final String MERGE = "<<";
    private static final String YAML_TAG = "tag:yaml.org,2002:";

    private final YAMLParser parser;
    private final IntFunction<Place> placeOfLine;
    private final Problems problems;
    private int level;
    private boolean stopped;

    private YamlTree(YAMLParser parser, IntFunction<Place> placeOfLine, Problems problems) {
        this.parser = parser;
        this.placeOfLine = placeOfLine;
        this.problems = problems;
    }

    /// @param origin what errors begin with; the line is added to it: `recipe quickstart.yaml`
    public static Node read(String text, String origin, Problems problems) {
        return read(text, Place.whole(origin), line -> new Place(origin, line), problems);
    }

    /// A piece of YAML that has no line of its own: an override, a default.
    public static Node fragment(String text, Place place, Problems problems) { return read(text, place, _ -> place, problems); }

    /// What the code has written: a default.
    public static Node fragment(String text) {
        var problems = new Problems();
        var node = fragment(text, Place.whole("a default"), problems);
        problems.throwIfAny();
        return node;
    }

    private static Node read(String text, Place whole, IntFunction<Place> placeOfLine, Problems problems) {
        int control = control(text);
        if (control >= 0) {
            int line = 1 + (int) text.substring(0, control).chars().filter(letter -> letter == '\n').count();
            problems.add(placeOfLine.apply(line),
                    String.format(Locale.ROOT, "not YAML: the control character U+%04X", text.codePointAt(control)));
            return new Node.Broken(whole);
        }
        try (var parser = YAML.createParser(text)) {
            var tree = new YamlTree(parser, placeOfLine, problems);
            return parser.nextToken() == null ? new Node.Empty(whole) : tree.document(whole);
        } catch (JsonProcessingException e) {
            notYaml(e, whole, placeOfLine, problems);
            return new Node.Broken(whole);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Index of the first character that YAML does not allow, or -1.
    private static int control(String text) {
        for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at)))
            if (!StreamReader.isPrintable(text.codePointAt(at))) return at;
        return -1;
    }

    private Node document(Place whole) throws IOException {
        Node root = node(whole);
        if (stopped) return new Node.Broken(whole);
        if (parser.nextToken() == null) return root;
        problems.add(here(), "one recipe is one YAML document, here a second one begins");
        return new Node.Broken(whole);
    }

    /// @param place the place of the key in front, or of the whole
    private Node node(@Nullable Place place) throws IOException {
        Place at = place == null ? here() : place;
        boolean alias = parser.isCurrentAlias();
        if (alias || parser.getObjectId() != null)
            problems.add(here(), "anchors (&) and aliases (*) have no meaning in a recipe, write the value out");
        if (alias) return new Node.Broken(at);
        String tag = parser.getTypeId();
        if (tag != null)
            problems.add(here(), "tags (here !" + tag.replace(YAML_TAG, "!") + ") have no meaning in a recipe, write the value alone");
        Node value = value(at);
        return tag == null ? value : new Node.Broken(at);
    }

    private Node value(Place at) throws IOException {
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

    private Node block(Place place) throws IOException {
        if (isTooDeep()) return new Node.Broken(place);
        var entries = new LinkedHashMap<String, Node.Entry>();
        while (!stopped && parser.nextToken() != JsonToken.END_OBJECT) {
            String key = Names.unaliased(parser.currentName());
            Place at = here();
            parser.nextToken();
            var entry = new Node.Entry(at, node(at));
            if (key.equals(MERGE)) {
                problems.add(at, "merges (<<) have no meaning in a recipe, write the keys out");
                continue;
            }
            var earlier = entries.putIfAbsent(key, entry);
            if (earlier != null) problems.add(at, "key '" + key + "' is given twice, first at " + earlier.place());
        }
        level--;
        return new Node.Block(place, entries);
    }

    private Node items(Place place) throws IOException {
        if (isTooDeep()) return new Node.Broken(place);
        var items = new ArrayList<Node>();
        while (!stopped && parser.nextToken() != JsonToken.END_ARRAY) items.add(node(null));
        level--;
        return new Node.Items(place, items);
    }

    /// Below that nothing more is read.
    private boolean isTooDeep() {
        stopped |= ++level > MOST_LEVELS;
        if (stopped) problems.add(here(),
                "blocks and lists are nested more than " + MOST_LEVELS + " deep, no recipe's are. Is a bracket not closed?");
        return stopped;
    }

    private Place here() { return placeOfLine.apply(parser.currentTokenLocation().getLineNr()); }

    /// The parser's own sentence, and its mark: Jackson's location is where its parser stood, which may be lines above.
    private static void notYaml(JsonProcessingException e, Place whole, IntFunction<Place> placeOfLine, Problems problems) {
        if (e.getCause() instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
            problems.add(placeOfLine.apply(marked.getProblemMark().getLine() + 1), "not YAML: " + marked.getProblem());
            return;
        }
        Place place = e.getLocation() == null ? whole : placeOfLine.apply(e.getLocation().getLineNr());
        problems.add(place, "not YAML: " + e.getOriginalMessage().lines().findFirst().orElse(""));
    }
}
