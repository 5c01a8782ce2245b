package dev.fusedit.fusion.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Sets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a file, a folder or a run says of its model, or what is built: every value that changes numbers, defaults spelled out, under the
/// names that files have for it.
///
/// @param where the file, or what describes the model that is built: "the recipe"
public record ModelDescription(String where, ObjectNode fields) {
    /// A field that two descriptions do not agree in.
    ///
    /// @param field as the file spells it; those of objects within behind their names: `rope_scaling.factor`
    /// @param value null where this one has none
    /// @param other null where the other one has none
    public record Difference(String field, @Nullable JsonNode value, @Nullable JsonNode other) {
        String told(String where, String otherWhere) {
            return "%s: %s in %s, %s in %s".formatted(field, told(value), where, told(other), otherWhere);
        }

        private static String told(@Nullable JsonNode value) { return value == null ? "nothing" : KnownFields.shown(value); }
    }

    /// All of them, in this description's order. Numbers are the same if they are so in f32.
    public List<Difference> differences(ModelDescription other) {
        var own = flat(fields);
        var others = flat(other.fields);
        var found = ImmutableList.<Difference>builder();
        for (var field : Sets.union(own.keySet(), others.keySet())) {
            if (!isSame(own.get(field), others.get(field))) {
                found.add(new Difference(field, own.get(field), others.get(field)));
            }
        }
        return found.build();
    }

    private static Map<String, JsonNode> flat(ObjectNode node) {
        var flat = new LinkedHashMap<String, JsonNode>();
        flatten("", node, flat);
        return flat;
    }

    private static void flatten(String before, ObjectNode node, Map<String, JsonNode> flat) {
        node.properties().forEach(entry -> {
            if (entry.getValue() instanceof ObjectNode within) {
                flatten(before + entry.getKey() + ".", within, flat);
            } else if (!entry.getValue().isNull()) {
                flat.put(before + entry.getKey(), entry.getValue());
            }
        });
    }

    private static boolean isSame(@Nullable JsonNode a, @Nullable JsonNode b) {
        if (a == null || b == null) {
            return a == b;
        }
        return a.isNumber() && b.isNumber() ? (float) a.doubleValue() == (float) b.doubleValue() : a.equals(b);
    }
}
