package dev.fusedit.fusion.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Fields of a kind of file that no reader asks for, and why that is right: it does not matter what they say, or they may say one thing
/// only, which is what is built here. Any other field is refused, unless it is a library's note, null, empty or false: what is off.
///
/// Built by [#of], [#passed], [#only] and [#off]; immutable.
public final class KnownFields {
    private static final int SHOWN = 80;

    /// What libraries note for themselves: `_name_or_path`, `_commit_hash`.
    private static final String NOTE = "_";

    private final ImmutableMap<String, Known> fields;
    private final String remedy;

    private sealed interface Known {
        /// @param reason why nothing changes by what it says
        record Passed(String reason) implements Known {}

        /// @param values that are built here, as JSON
        /// @param reason what is said to whoever has another
        record Only(ImmutableList<String> values, String reason) implements Known {}
    }

    private KnownFields(Map<String, Known> fields, String remedy) {
        this.fields = ImmutableMap.copyOf(fields);
        this.remedy = remedy;
    }

    /// None yet.
    ///
    /// @param remedy what to do about a field that is in no list, as the end of an error
    public static KnownFields of(String remedy) { return new KnownFields(Map.of(), remedy); }

    /// These too, whatever they say.
    public KnownFields passed(String reason, String... names) { return with(new Known.Passed(reason), names); }

    /// This one too, with one value only.
    ///
    /// @param value as JSON
    /// @param reason "text is read in one direction", said to whoever has another value
    public KnownFields only(String name, String value, String reason) {
        return with(new Known.Only(ImmutableList.of(value), reason), name);
    }

    /// These too, switched off: false or 0.
    public KnownFields off(String reason, String... names) { return with(new Known.Only(ImmutableList.of("false", "0"), reason), names); }

    /// The fields of another list too.
    public KnownFields and(KnownFields other) {
        var all = new HashMap<>(fields);
        all.putAll(other.fields);
        return new KnownFields(all, remedy);
    }

    private KnownFields with(Known known, String... names) {
        var all = new HashMap<>(fields);
        for (var name : names) all.put(name, known);
        return new KnownFields(all, remedy);
    }

    /// Why it does not matter what a field says; null if it does.
    public @Nullable String reason(String name) {
        return switch (fields.get(name)) {
            case null -> null;
            case Known.Passed(var reason) -> reason;
            case Known.Only _ -> null;
        };
    }

    /// @throws UserError if the field may change numbers
    void require(String where, String name, JsonNode value) {
        if (value.isNull() || value.isContainerNode() && value.isEmpty()) return;
        switch (fields.get(name)) {
            case null -> {
                if (!isSilent(name, value))
                    throw new UserError("%s: the field %s (%s) is not known here, and may change what the model computes. %s"
                            .formatted(where, name, shown(value), remedy));
            }
            case Known.Passed _ -> {}
            case Known.Only(var values, var reason) -> {
                if (values.stream().noneMatch(only -> isSame(value, only)))
                    throw new UserError("%s: %s must be %s (%s), got %s".formatted(where, name, values.getFirst(), reason, shown(value)));
            }
        }
    }

    private static boolean isSilent(String name, JsonNode value) {
        return name.startsWith(NOTE) || value.isTextual() && value.textValue().isEmpty()
                || value.isBoolean() && !value.booleanValue();
    }

    private static boolean isSame(JsonNode value, String only) {
        return value.isNumber() && only.matches("-?[0-9.]+") ? value.doubleValue() == Double.parseDouble(only)
                : value.toString().equals(only);
    }

    /// A value as a message has it: a list may have a million elements.
    static String shown(JsonNode value) {
        var text = value.toString();
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }

    /// Names, for the documentation and tests.
    public List<String> names() { return fields.keySet().stream().sorted().toList(); }
}
