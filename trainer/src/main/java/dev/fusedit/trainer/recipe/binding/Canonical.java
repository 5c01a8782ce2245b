package dev.fusedit.trainer.recipe.binding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import dev.fusedit.fusion.config.Default;
import java.lang.reflect.Method;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// Records back to YAML: keys in the records' order, what is null left out.
///
/// @param full whether what has its default is written too
/// @param implied keys with dots, under blocks alone, that are left out since others imply their values
public record Canonical(boolean full, Set<String> implied) {
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES, YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER, YAMLGenerator.Feature.SPLIT_LINES)
            .build());

    public Canonical(boolean full) { this(full, Set.of()); }

    public String yaml(Record recipe) {
        try {
            return YAML.writeValueAsString(plain(recipe, ""));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Maps, lists and scalars only. One of several variants that has no keys written is its bare name.
    private Object plain(Object value, String path) {
        return switch (value) {
            case Record record -> record(record, path);
            case List<?> list -> list.stream().map(item -> plain(item, path + "[]")).toList();
            case Map<?, ?> map -> entries(map, path + "{}");
            case Enum<?> constant -> Names.constant(constant);
            case OptionalInt number -> number.isPresent() ? number.getAsInt() : Scalars.AUTO;
            default -> value;
        };
    }

    private Map<String, Object> entries(Map<?, ?> map, String path) {
        var plain = new LinkedHashMap<String, Object>();
        map.entrySet().stream().sorted(Map.Entry.comparingByKey((a, b) -> plain(a, path).toString().compareTo(plain(b, path).toString())))
                .forEach(entry -> plain.put(plain(entry.getKey(), path).toString(), plain(entry.getValue(), path)));
        return plain;
    }

    private Object record(Record record, String path) {
        var plain = new LinkedHashMap<String, Object>();
        boolean isVariant = false;
        for (Class<?> above : record.getClass().getInterfaces()) isVariant |= above.isSealed();
        if (isVariant) plain.put("kind", Names.variant(record.getClass()));
        for (var component : record.getClass().getRecordComponents()) {
            Object value = read(component.getAccessor(), record);
            String key = Names.key(component), at = path.isEmpty() ? key : path + "." + key;
            boolean written = value != null && !implied.contains(at) && (full || !Optional.of(value).equals(Binder.byDefault(component)));
            if (!written) continue;
            var inside = plain(value, at);
            boolean isDefault = !full && inside instanceof Map<?, ?> map && map.isEmpty() && component.isAnnotationPresent(Default.class);
            if (!isDefault) plain.put(key, inside);
        }
        boolean isWord = isVariant && plain.size() == 1 && (!full || record.getClass().getRecordComponents().length == 0);
        return isWord ? Names.variant(record.getClass()) : plain;
    }

    private static Object read(Method accessor, Record record) {
        try {
            return accessor.invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(record.getClass() + " must be public", e);
        }
    }
}
