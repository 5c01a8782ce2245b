package dev.fusedit.fusion.config;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.torch.UserError;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Fields of a JSON object, each with an error that names the file and the field, tells a missing one from a wrong one, and says what it
/// must be. Files are read by [dev.fusedit.torch.io.JsonFile].
public record ConfigReader(JsonNode node, String where) {
    private static final int SHOWN = 80;

    public ConfigReader in(String name) {
        var child = node.path(name);
        require(child.isObject(), name, "must be an object");
        return new ConfigReader(child, where + ": " + name);
    }

    public boolean has(String name) { return !node.path(name).isMissingNode() && !node.path(name).isNull(); }

    public int integer(String name) {
        require(node.path(name).isIntegralNumber() && node.path(name).canConvertToInt(), name, "must be a whole number");
        return node.path(name).intValue();
    }

    public int integer(String name, int otherwise) { return has(name) ? integer(name) : otherwise; }

    public double number(String name, double otherwise) {
        require(!has(name) || node.path(name).isNumber(), name, "must be a number");
        return has(name) ? node.path(name).doubleValue() : otherwise;
    }

    public boolean flag(String name) { return flag(name, false); }

    public boolean flag(String name, boolean otherwise) {
        require(!has(name) || node.path(name).isBoolean(), name, "must be true or false");
        return has(name) ? node.path(name).booleanValue() : otherwise;
    }

    public List<Integer> integers(String name) {
        var values = node.path(name);
        require(values.isArray() && values.valueStream().allMatch(value -> value.isIntegralNumber() && value.canConvertToInt()), name,
                "must be a list of whole numbers");
        return values.valueStream().map(JsonNode::intValue).toList();
    }

    /// The objects of a list.
    public List<ConfigReader> objects(String name) {
        var values = node.path(name);
        require(values.isArray() && values.valueStream().allMatch(JsonNode::isObject), name, "must be a list of objects");
        return IntStream.range(0, values.size()).mapToObj(i -> new ConfigReader(values.get(i), "%s: %s[%s]".formatted(where, name, i)))
                .toList();
    }

    public @Nullable String text(String name) {
        require(!has(name) || node.path(name).isTextual(), name, "must be a text");
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
        return new UserError(node.has(name) ? "%s: %s %s, got %s".formatted(where, name, rule, shown(name))
                : "%s: %s is missing, it %s".formatted(where, name, rule));
    }

    /// A list may have a million elements.
    private String shown(String name) {
        var text = node.path(name).toString();
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }
}
