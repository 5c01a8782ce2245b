package dev.fusedit.trainer.recipe;

import static com.google.common.base.CaseFormat.LOWER_HYPHEN;
import static com.google.common.base.CaseFormat.UPPER_CAMEL;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.config.Usual;
import dev.fusedit.fusion.dit.DetailHeadConfig;
import dev.fusedit.fusion.dit.GradientMask;
import dev.fusedit.fusion.dit.TimeConditioning;
import dev.fusedit.fusion.flow.LossWeighting;
import dev.fusedit.fusion.flow.TimeDensity;
import dev.fusedit.trainer.recipe.binding.Binder;
import dev.fusedit.trainer.recipe.binding.Names;
import dev.fusedit.trainer.recipe.binding.Node;
import dev.fusedit.trainer.recipe.binding.Scalars;
import dev.fusedit.trainer.recipe.binding.YamlTree;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/// The form of recipes as a JSON schema (draft 2020-12), for editors: keys, kinds, words, defaults and what they mean ([Doc]), from the
/// records. Bounds of numbers are left to the records, which say more about them than a schema could.
///
/// Numbers may be texts with an underscore or an exponent: `500_000` and `1e-4` are numbers in a recipe, but texts to some readers of YAML.
public final class RecipeSchema {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String WHOLE = "^[-+]?[0-9]+(_[0-9]+)+$";
    private static final String NUMBER =
            WHOLE.replace("$", "(\\.[0-9]*)?$") + "|^[-+]?([0-9]+(_[0-9]+)*\\.?[0-9]*|\\.[0-9]+)[eE][-+]?[0-9]+$";
    private static final Pattern EXPONENT = Pattern.compile("[-+]?[0-9.]+[eE][-+]?[0-9]+");

    /// Types of the models that recipes bind, by the block that they are part of.
    private static final Map<Class<?>, String> OF_MODELS = Map.of(TimeConditioning.class, "Model.Time",
            DetailHeadConfig.class, "Model.DetailHead", TimeDensity.class, "Losses.TimeDensity", LossWeighting.class, "Losses.Weighting",
            GradientMask.Tokens.class, "GradientMaskRecipe.Tokens");

    private final Map<Class<?>, ObjectNode> records = new LinkedHashMap<>();

    private RecipeSchema() {}

    /// The schema of whole recipes, of models and of teachers.
    public static String json() {
        var schema = new RecipeSchema();
        var root =
                JSON.createObjectNode().put("$schema", "https://json-schema.org/draft/2020-12/schema").put("title", "A recipe of fusedit");
        root.putObject("if").putArray("required").add(Training.TEACHER);
        root.set("then", schema.reference(TeacherRecipe.class));
        root.set("else", schema.reference(Recipe.class));
        var definitions = root.putObject("$defs");
        schema.records.forEach((type, definition) -> definitions.set(name(type), definition));
        return root.toPrettyString();
    }

    /// `Losses.Flow`
    private static String name(Class<?> type) {
        if (OF_MODELS.containsKey(type)) return OF_MODELS.get(type);
        var outer = type.getEnclosingClass();
        if (outer == null) return type.getSimpleName();
        return name(outer) + "."
                + (OF_MODELS.containsKey(outer) ? LOWER_HYPHEN.to(UPPER_CAMEL, Names.variant(type)) : type.getSimpleName());
    }

    private ObjectNode reference(Class<?> record) {
        if (!records.containsKey(record)) {
            var definition = JSON.createObjectNode();
            records.put(record, definition);
            define(definition, record);
        }
        return JSON.createObjectNode().put("$ref", "#/$defs/" + name(record));
    }

    private void define(ObjectNode definition, Class<?> record) {
        definition.put("type", "object");
        describe(definition, record);
        var properties = definition.putObject("properties");
        var required = JSON.createArrayNode();
        boolean isVariant = Arrays.stream(record.getInterfaces()).anyMatch(Class::isSealed);
        if (isVariant) {
            properties.putObject("kind").put("const", Names.variant(record));
            if (!record.isAnnotationPresent(Usual.class)) required.add("kind");
        }
        for (var component : record.getRecordComponents()) {
            String key = Names.key(component);
            properties.set(key, property(component));
            Names.aliases(key).forEach(alias -> properties.set(alias, property(component)));
            if (isRequired(component)) require(definition, required, key);
        }
        if (!required.isEmpty()) definition.set("required", required);
        definition.put("additionalProperties", false);
    }

    /// A key with an alias may go under either.
    private static void require(ObjectNode definition, ArrayNode required, String key) {
        var aliases = Names.aliases(key);
        if (aliases.isEmpty()) {
            required.add(key);
            return;
        }
        var either = definition.putArray("oneOf");
        either.addObject().putArray("required").add(key);
        aliases.forEach(alias -> either.addObject().putArray("required").add(alias));
    }

    private static boolean isRequired(RecordComponent component) {
        return !component.isAnnotationPresent(Default.class) && !Binder.isNullable(component);
    }

    private ObjectNode property(RecordComponent component) {
        var property = value(component.getGenericType());
        describe(property, component);
        var byDefault = component.getAnnotation(Default.class);
        if (byDefault != null) property.set("default", json(YamlTree.fragment(byDefault.value())));
        return property;
    }

    private static void describe(ObjectNode node, AnnotatedElement element) {
        var doc = element.getAnnotation(Doc.class);
        if (doc != null) node.put("description", doc.value());
    }

    private ObjectNode value(Type type) {
        if (type instanceof ParameterizedType generic) {
            var arguments = generic.getActualTypeArguments();
            if (generic.getRawType() == Map.class) return map((Class<?>) arguments[0], arguments[1]);
            var array = JSON.createObjectNode().put("type", "array");
            array.set("items", value(arguments[0]));
            return array;
        }
        var raw = (Class<?>) type;
        if (raw.isRecord()) return reference(raw);
        if (raw.isSealed()) return variants(raw);
        return scalar(raw);
    }

    private ObjectNode map(Class<?> key, Type element) {
        var map = JSON.createObjectNode().put("type", "object");
        if (key.isEnum()) map.set("propertyNames", scalar(key));
        map.set("additionalProperties", value(element));
        return map;
    }

    /// The bare words of those that need nothing more, and the blocks.
    private ObjectNode variants(Class<?> sealed) {
        var variants = JSON.createObjectNode();
        var any = variants.putArray("anyOf");
        var words = JSON.createArrayNode();
        Names.variants(sealed).forEach((word, record) -> {
            if (Arrays.stream(record.getRecordComponents()).noneMatch(RecipeSchema::isRequired)) words.add(word);
        });
        if (!words.isEmpty()) any.addObject().set("enum", words);
        Names.variants(sealed).values().forEach(record -> any.add(reference(record)));
        Names.variants(sealed).values().stream().filter(record -> record.isAnnotationPresent(Usual.class))
                .flatMap(record -> Names.listed(record).stream())
                .forEach(component -> any.add(value(component.getGenericType())));
        return variants;
    }

    private static ObjectNode scalar(Class<?> type) {
        var scalar = JSON.createObjectNode();
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) return text(scalar, "integer", WHOLE);
        if (type == OptionalInt.class) {
            text(scalar, "integer", WHOLE + "|^" + Scalars.AUTO + "$");
            return scalar;
        }
        if (type == double.class || type == Double.class) return text(scalar, "number", NUMBER);
        if (type == boolean.class || type == Boolean.class) return scalar.put("type", "boolean");
        if (type == String.class) return scalar.put("type", "string");
        var words = scalar.putArray("enum");
        for (var constant : type.getEnumConstants()) words.add(Names.constant((Enum<?>) constant));
        return scalar;
    }

    private static ObjectNode text(ObjectNode scalar, String type, String pattern) {
        scalar.putArray("type").add(type).add("string");
        return scalar.put("pattern", pattern);
    }

    private static JsonNode json(Node node) {
        return switch (node) {
            case Node.Empty _ -> JSON.nullNode();
            case Node.Broken _ -> throw new AssertionError("a default can be read");
            case Node.Items items -> {
                var array = JSON.createArrayNode();
                items.items().forEach(item -> array.add(json(item)));
                yield array;
            }
            case Node.Block block -> {
                var object = JSON.createObjectNode();
                block.entries().forEach((key, entry) -> object.set(key, json(entry.value())));
                yield object;
            }
            case Node.Scalar scalar -> switch (scalar.type()) {
                case BOOLEAN -> JSON.getNodeFactory().booleanNode(scalar.text().equals("true"));
                case NUMBER -> number(scalar.text());
                case TEXT ->
                        EXPONENT.matcher(scalar.text()).matches() ? number(scalar.text()) : JSON.getNodeFactory().textNode(scalar.text());
            };
        };
    }

    private static JsonNode number(String text) {
        double number = Double.parseDouble(text);
        return text.matches("-?[0-9]+") ? JSON.getNodeFactory().numberNode((long) number) : JSON.getNodeFactory().numberNode(number);
    }
}
