package dev.fusedit.trainer.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Sets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/// A key whose value differs between two recipes, defaults included.
///
/// @param key as `--set` takes it: `stages.joint.lr.llm`
/// @param before null where the first recipe has no such key
/// @param now null where the second one has none
public record RecipeDifference(String key, @Nullable String before, @Nullable String now) {
    private static final YAMLMapper YAML = new YAMLMapper();

    /// All of them, in the order of the recipe's keys. None for recipes that mean the same, however they are written.
    public static List<RecipeDifference> between(Recipe before, Recipe now) { return between(before.canonical(), now.canonical()); }

    /// All of them of two recipes of one kind in their canonical form.
    public static List<RecipeDifference> between(String before, String now) {
        var old = flat(before);
        var current = flat(now);
        var found = ImmutableList.<RecipeDifference>builder();
        for (var key : Sets.union(old.keySet(), current.keySet())) {
            if (!Objects.equals(old.get(key), current.get(key))) {
                found.add(new RecipeDifference(key, old.get(key), current.get(key)));
            }
        }
        return found.build();
    }

    /// `stages.joint.lr.llm: now 0.01, was 0.001`
    @Override
    public String toString() {
        return "%s: now %s, was %s".formatted(key, now == null ? "not set" : now, before == null ? "not set" : before);
    }

    /// All keys of a recipe in its canonical form with their values, as `--set` takes them.
    public static Map<String, String> flat(String canonical) {
        var flat = new LinkedHashMap<String, String>();
        try {
            flatten("", YAML.readTree(canonical), flat);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
        return flat;
    }

    private static void flatten(String path, JsonNode node, Map<String, String> flat) {
        if (node.isObject() && !node.isEmpty()) {
            node.properties().forEach(entry -> flatten(below(path, entry.getKey()), entry.getValue(), flat));
        } else if (isNamed(node)) {
            flat.put(path, items(node).map(item -> item.path("name").asText()).collect(Collectors.joining(", ", "[", "]"))); // the order
            items(node).forEach(item -> flatten(below(path, item.path("name").asText()), item, flat));
        } else {
            flat.put(path, node.isContainerNode() ? node.toString() : node.asText());
        }
    }

    /// A list of blocks that have names: those are what a person calls them by.
    private static boolean isNamed(JsonNode node) {
        return node.isArray() && !node.isEmpty() && items(node).allMatch(item -> item.path("name").isTextual());
    }

    private static java.util.stream.Stream<JsonNode> items(JsonNode node) { return StreamSupport.stream(node.spliterator(), false); }

    private static String below(String path, String key) { return path.isEmpty() ? key : path + "." + key; }
}
