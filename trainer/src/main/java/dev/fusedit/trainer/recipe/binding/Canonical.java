package dev.fusedit.trainer.recipe.binding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import java.lang.reflect.Method;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// Records back to YAML: keys in the records' order, what is null left out.
///
/// @param full whether what has its default is written too
public record Canonical(boolean full) {
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES, YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER, YAMLGenerator.Feature.SPLIT_LINES)
            .build());

    public String yaml(Record recipe) {
        try {
            return YAML.writeValueAsString(plain(recipe));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Maps, lists and scalars only. One of several variants that has no keys written is its bare name.
    private Object plain(Object value) {
        return switch (value) {
            case Record record -> record(record);
            case List<?> list -> list.stream().map(this::plain).toList();
            case Map<?, ?> map -> entries(map);
            case Enum<?> constant -> Names.constant(constant);
            case OptionalInt number -> number.isPresent() ? number.getAsInt() : Scalars.AUTO;
            default -> value;
        };
    }

    private Map<String, Object> entries(Map<?, ?> map) {
        var plain = new LinkedHashMap<String, Object>();
        map.entrySet().stream().sorted(Map.Entry.comparingByKey((a, b) -> plain(a).toString().compareTo(plain(b).toString())))
                .forEach(entry -> plain.put(plain(entry.getKey()).toString(), plain(entry.getValue())));
        return plain;
    }

    private Object record(Record record) {
        var plain = new LinkedHashMap<String, Object>();
        boolean isVariant = false;
        for (Class<?> above : record.getClass().getInterfaces()) isVariant |= above.isSealed();
        if (isVariant) plain.put("kind", Names.variant(record.getClass()));
        for (var component : record.getClass().getRecordComponents()) {
            Object value = read(component.getAccessor(), record);
            boolean written = value != null && (full || !value.equals(Binder.byDefault(component)));
            if (written) plain.put(Names.key(component), plain(value));
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
