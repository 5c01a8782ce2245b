package dev.fusedit.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.trainer.recipe.RecipeSchema;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// The page `docs/recipe-reference.md`, from the schema of recipes, which is made of the records that recipes are read into.
final class RecipeReference {
    private static final String PLACE = "#/$defs/";

    private final JsonNode definitions;
    private final Set<String> told = new LinkedHashSet<>();
    private final List<String> lines = new ArrayList<>();

    private RecipeReference(JsonNode definitions) { this.definitions = definitions; }

    static String markdown() throws JsonProcessingException {
        var schema = new JsonMapper().readTree(RecipeSchema.json());
        var page = new RecipeReference(schema.path("$defs"));
        page.lines.addAll(List.of("# Recipe reference", "",
                "Every key of a recipe, with its kind, its default and what it means; made of the program, not by hand. A default of none means that the "
                        + "key must be there, or, where it may be left out, that nothing is meant. What recipes are for, and how they are read: "
                        + "[recipes](recipes.md)."));
        page.add(schema.at("/else/$ref").asText());
        page.add(schema.at("/then/$ref").asText());
        return String.join("\n", page.lines) + "\n";
    }

    /// A block, then those that it names.
    private void add(String reference) {
        var name = reference.substring(PLACE.length());
        if (!told.add(name)) return;
        var block = definitions.path(name);
        lines.addAll(List.of("", "## " + name, ""));
        if (block.has("description")) lines.addAll(List.of(cell(block.path("description").asText()), ""));
        var required = new LinkedHashSet<String>();
        block.path("required").forEach(key -> required.add(key.asText()));
        var named = new LinkedHashSet<String>();
        if (!block.path("properties").isEmpty()) lines.addAll(List.of("| key | kind | default | |", "|---|---|---|---|"));
        block.path("properties").properties().forEach(entry -> {
            var value = entry.getValue();
            lines.add("| `%s` | %s | %s | %s |".formatted(entry.getKey(), kind(value, named),
                    value.has("default") ? "`" + cell(value.path("default").toString().replace("\"", "")) + "`"
                            : required.contains(entry.getKey()) ? "needed" : "", cell(value.path("description").asText())));
        });
        named.forEach(this::add);
    }

    /// @param named takes the blocks that it may be
    private String kind(JsonNode value, Set<String> named) {
        if (value.has("$ref")) {
            named.add(value.path("$ref").asText());
            return link(value.path("$ref").asText());
        }
        if (value.has("const")) return "`" + value.path("const").asText() + "`";
        if (value.has("enum")) return all(value.path("enum"), word -> "`" + word.asText() + "`");
        if (value.has("anyOf")) return all(value.path("anyOf"), either -> kind(either, named));
        if (value.has("items")) return "list of " + kind(value.path("items"), named);
        if (value.has("additionalProperties")) return "block, each: " + kind(value.path("additionalProperties"), named);
        var type = value.path("type");
        return switch (type.isArray() ? type.path(0).asText() : type.asText()) {
            case "integer" -> value.path("pattern").asText().contains("auto") ? "whole number or `auto`" : "whole number";
            case "boolean" -> "`true`, `false`";
            case "string" -> "text";
            case String other -> other;
        };
    }

    @FunctionalInterface
    private interface Told {
        String of(JsonNode node);
    }

    private static String all(JsonNode items, Told told) {
        return items.valueStream().map(told::of).distinct().collect(Collectors.joining(", "));
    }

    private static String link(String reference) {
        var name = reference.substring(PLACE.length());
        return "[%s](#%s)".formatted(name, name.toLowerCase(Locale.ROOT).replace(".", ""));
    }

    private static String cell(String text) { return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("\n", " "); }
}
