package dev.fusedit.fusion.text;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// One of some JSON trees with some of its nodes changed, as a fuzzer's bytes say: values swapped for values from elsewhere, for odd
/// ones, taken out, doubled, wrapped. Such files get further than changed bytes do.
public final class MutatedJson {
    /// Writes halves of characters as escapes.
    private static final JsonMapper JSON = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
    private static final int MOST_CHANGES = 6;
    private static final List<String> TEXTS =
            List.of("", " ", "a", "▁", "##", "\ud800", "\udc00\ud83d", "😀", "é", "e\u0301", "\u0000", "\n",
                    "<0x41>", "cat", "▁▁", "ﷺ", "İ", "Regex", "String", "a".repeat(2000), "(a*)*b", "a*a*a*b", "(?=a)", "x?", "\\s*", "\\b",
                    "[^\\s]",
                    "(", "a{1000}{1000}", "(?i)a|b", "\\1", "\\p{L}+", "$", "^", ".+", "(?<!a)", "[a-z&&[^b]]");
    private static final List<Object> NUMBERS =
            List.of(0, 1, -1, 2, 255, Integer.MAX_VALUE, 1L << 31, 1L << 32, -1L << 40, 0.5, 1e308, -1e308);

    private final ByteBuffer choices;
    private final JsonNode seeds;
    private final List<JsonNode> nodes = new ArrayList<>();
    private final List<String> names = new ArrayList<>();

    private MutatedJson(byte[] choices, JsonNode seeds) {
        this.choices = ByteBuffer.wrap(choices);
        this.seeds = seeds;
        collect(seeds);
    }

    static JsonNode of(byte[] choices, JsonNode seeds) { return new MutatedJson(choices, seeds).changed(); }

    /// The same as it is read from a file.
    ///
    /// @param seeds an array of trees
    public static JsonNode read(byte[] choices, JsonNode seeds) {
        try {
            return JSON.readTree(JSON.writeValueAsBytes(of(choices, seeds)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Choices to begin with, always the same.
    public static Stream<byte[]> seeds() {
        return IntStream.range(0, 100).mapToObj(seed -> {
            var bytes = new byte[40];
            new Random(seed).nextBytes(bytes);
            return bytes;
        });
    }

    private void collect(JsonNode node) {
        nodes.add(node);
        node.fieldNames().forEachRemaining(names::add);
        node.forEach(this::collect);
    }

    private int next(int below) {
        return below <= 1 || !choices.hasRemaining() ? 0
                : (choices.remaining() > 1 && below > 256 ? choices.getShort() & 0xffff : choices.get() & 0xff) % below;
    }

    private <T> T any(List<T> of) { return of.get(next(of.size())); }

    private JsonNode changed() {
        var root = seeds.get(next(seeds.size())).deepCopy();
        var changes = 1 + next(1 + next(MOST_CHANGES)); // few more often
        for (int i = 0; i < changes; i++) {
            var places = new ArrayList<JsonNode>();
            containers(root, places);
            change(any(places));
        }
        return root;
    }

    private static void containers(JsonNode node, List<JsonNode> found) {
        if (node.isContainerNode() && (!node.isEmpty() || found.isEmpty())) {
            found.add(node);
            node.forEach(child -> containers(child, found));
        }
    }

    private void change(JsonNode place) {
        var at = next(place.size());
        if (place instanceof ObjectNode object && !object.isEmpty()) {
            var name = new ArrayList<>(object.properties()).get(at).getKey();
            switch (next(6)) {
                case 0 -> object.remove(name);
                case 1 -> object.set(any(names), object.get(name).deepCopy());
                default -> object.set(name, other(object.get(name)));
            }
        } else if (place instanceof ArrayNode array && !array.isEmpty()) {
            switch (next(6)) {
                case 0 -> array.remove(at);
                case 1 -> array.add(array.get(at).deepCopy());
                case 2 -> array.add(any(nodes).deepCopy());
                default -> array.set(at, other(array.get(at)));
            }
        }
    }

    private JsonNode other(JsonNode value) {
        var make = JsonNodeFactory.instance;
        return switch (next(9)) {
            case 0 -> make.textNode(any(TEXTS));
            case 1 -> make.pojoNode(any(NUMBERS));
            case 2 -> any(List.of(make.nullNode(), make.booleanNode(true), make.booleanNode(false), make.arrayNode(), make.objectNode()));
            case 3 -> value.isTextual() ? make.textNode(value.textValue() + any(TEXTS)) : make.arrayNode().add(value.deepCopy());
            case 4 -> value.isTextual() && !value.textValue().isEmpty()
                    ? make.textNode(value.textValue().substring(next(value.textValue().length())))
                    : any(nodes).deepCopy();
            case 5 -> value.isInt() ? make.numberNode(value.intValue() + next(5) - 2) : any(nodes).deepCopy();
            case 6 -> value.isBoolean() ? make.booleanNode(!value.booleanValue()) : sameKind(value);
            default -> sameKind(value);
        };
    }

    /// A value from elsewhere that could stand here.
    private JsonNode sameKind(JsonNode value) {
        var like = nodes.stream().filter(node -> node.getNodeType() == value.getNodeType()
                && (!value.isObject() || node.has("type") == value.has("type"))).toList();
        return like.isEmpty() ? value : any(like).deepCopy();
    }
}
