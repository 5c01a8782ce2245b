package dev.fusedit.fusion.config;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.torch.UserError;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Fields of a JSON object, each with an error that names the file and the field, tells a missing one from a wrong one, and says what it
/// must be. Files are read by [dev.fusedit.torch.io.JsonFile].
///
/// It remembers which fields were asked for, so that [#requireAllKnown] finds the rest. One thread's.
public final class ConfigReader {
    private final JsonNode node;
    private final String where;
    private final Set<String> read = new HashSet<>();
    private final Map<String, ConfigReader> objects = new HashMap<>();

    /// @param where the file, for messages
    public ConfigReader(JsonNode node, String where) {
        this.node = node;
        this.where = where;
    }

    /// What is read, as it is: nothing that is asked of it counts as read here.
    public JsonNode node() { return node; }

    public String where() { return where; }

    /// A field as it is; missing where the object has none.
    public JsonNode raw(String name) {
        read.add(name);
        return node.path(name);
    }

    public ConfigReader in(String name) {
        var child = raw(name);
        require(child.isObject(), name, "must be an object");
        return objects.computeIfAbsent(name, _ -> new ConfigReader(child, where + ": " + name));
    }

    /// Refuses what nobody asked for, and nobody knows not to matter: it may change what a model computes.
    ///
    /// @throws UserError naming file, field and value
    public void requireKnown(KnownFields known) {
        node.properties().stream().filter(field -> !read.contains(field.getKey()))
                .forEach(field -> known.require(where, field.getKey(), field.getValue()));
    }

    /// As [#requireKnown], of the objects too that were looked into.
    public void requireAllKnown(KnownFields known) {
        requireKnown(known);
        objects.values().forEach(object -> object.requireAllKnown(known));
    }

    /// Weights must be numbers, not codes for numbers.
    ///
    /// @throws UserError if the object says that they are quantised
    public void requirePlain() {
        for (var name : List.of("quantization_config", "compression_config")) {
            if (has(name)) {
                throw new UserError("%s: %s: the weights are quantised (%s), which is not read here. Give the unquantised model"
                        .formatted(where, name, raw(name).path("quant_method").asText("in an unknown way")));
            }
        }
    }

    public boolean has(String name) { return !node.path(name).isMissingNode() && !node.path(name).isNull(); }

    /// As [#has], for who goes on to read it.
    private boolean isGiven(String name) {
        raw(name);
        return has(name);
    }

    public int integer(String name) {
        var value = raw(name);
        require(value.isIntegralNumber() && value.canConvertToInt(), name, "must be a whole number");
        return value.intValue();
    }

    public int integer(String name, int otherwise) { return isGiven(name) ? integer(name) : otherwise; }

    /// @throws UserError too if it lies outside
    public int integer(String name, Bound bound) {
        int value = integer(name);
        return checked(() -> bound.check(name, value));
    }

    /// As [#integer(String, Bound)], where a file need not say it.
    public int integer(String name, int otherwise, Bound bound) { return has(name) ? integer(name, bound) : otherwise; }

    public double number(String name, double otherwise) {
        require(!isGiven(name) || node.path(name).isNumber() && Double.isFinite(node.path(name).doubleValue()), name, "must be a number");
        return has(name) ? node.path(name).doubleValue() : otherwise;
    }

    public boolean flag(String name) { return flag(name, false); }

    public boolean flag(String name, boolean otherwise) {
        require(!isGiven(name) || node.path(name).isBoolean(), name, "must be true or false");
        return has(name) ? node.path(name).booleanValue() : otherwise;
    }

    public List<Integer> integers(String name) {
        var values = raw(name);
        require(values.isArray() && values.valueStream().allMatch(value -> value.isIntegralNumber() && value.canConvertToInt()), name,
                "must be a list of whole numbers");
        return values.valueStream().map(JsonNode::intValue).toList();
    }

    /// The objects of a list.
    public List<ConfigReader> objects(String name) {
        var values = raw(name);
        require(values.isArray() && values.valueStream().allMatch(JsonNode::isObject), name, "must be a list of objects");
        return IntStream.range(0, values.size()).mapToObj(i -> new ConfigReader(values.get(i), "%s: %s[%s]".formatted(where, name, i)))
                .toList();
    }

    public @Nullable String text(String name) {
        require(!isGiven(name) || node.path(name).isTextual(), name, "must be a text");
        return has(name) ? node.path(name).textValue() : null;
    }

    public UserError unknown(String name, String allowed) {
        return wrong(name, "must be one of " + allowed);
    }

    /// Says of a configuration's own checks where it was read.
    public <T> T checked(Supplier<T> build) {
        try {
            return build.get();
        } catch (IllegalArgumentException e) {
            throw new UserError(where + ": " + e.getMessage(), e);
        }
    }

    /// @throws UserError with the rule, unless the condition holds
    public void require(boolean condition, String name, String rule) {
        if (!condition) throw wrong(name, rule);
    }

    private UserError wrong(String name, String rule) {
        return new UserError(node.has(name) ? "%s: %s %s, got %s".formatted(where, name, rule, KnownFields.shown(node.path(name)))
                : "%s: %s is missing, it %s".formatted(where, name, rule));
    }

}
