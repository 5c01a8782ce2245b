package dev.fusedit.trainer.recipe.binding;

import static com.google.common.base.CaseFormat.LOWER_CAMEL;
import static com.google.common.base.CaseFormat.LOWER_HYPHEN;
import static com.google.common.base.CaseFormat.LOWER_UNDERSCORE;
import static com.google.common.base.CaseFormat.UPPER_CAMEL;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.config.Named;
import dev.fusedit.torch.io.NearMisses;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The words of recipes: `learningRate` is written `learning_rate`, `LogitNormal` is `logit-normal`, `F32` is `f32`.
public final class Names {
    /// Other words for keys.
    private static final Map<String, String> ALIASES = Map.of("learning_rate", "lr");

    private Names() {}

    /// The key that a word stands for: itself, but for aliases.
    static String unaliased(String key) { return ALIASES.getOrDefault(key, key); }

    /// Keys, with the aliases that stand for some of them.
    static List<String> withAliases(List<String> keys) {
        return Stream.concat(keys.stream(), ALIASES.keySet().stream().filter(alias -> keys.contains(ALIASES.get(alias)))).toList();
    }

    /// The other words for a key.
    public static List<String> aliases(String key) {
        return ALIASES.keySet().stream().filter(alias -> ALIASES.get(alias).equals(key)).toList();
    }

    public static String key(RecordComponent component) { return LOWER_CAMEL.to(LOWER_UNDERSCORE, component.getName()); }

    public static String variant(Class<?> type) {
        var named = type.getAnnotation(Named.class);
        return named != null ? named.value() : UPPER_CAMEL.to(LOWER_HYPHEN, type.getSimpleName());
    }

    public static String constant(Enum<?> constant) { return constant.name().toLowerCase(Locale.ROOT).replace('_', '-'); }

    /// The records of a sealed interface, and of those below it, by their recipe names.
    public static Map<String, Class<?>> variants(Class<?> sealed) {
        var variants = ImmutableMap.<String, Class<?>>builder();
        for (Class<?> type : sealed.getPermittedSubclasses()) {
            if (type.isSealed()) variants.putAll(variants(type));
            else variants.put(variant(type), type);
        }
        return variants.build();
    }

    /// The one component of a record that holds nothing but a list: a list alone stands for it.
    public static Optional<RecordComponent> listed(Class<?> type) {
        var components = type.getRecordComponents();
        return components.length == 1 && components[0].getType() == List.class ? Optional.of(components[0]) : Optional.empty();
    }

    /// ` Did you mean 'x'?` if known words are near, else the known words.
    public static String suggestion(String word, Collection<String> known) {
        var hint = hint(word, known);
        return !hint.isEmpty() || known.isEmpty() ? hint : " Known: " + String.join(", ", known) + ".";
    }

    /// ` Did you mean 'x'?` if known words are near, else nothing. What may have been meant besides follows.
    public static String hint(String word, Collection<String> known) {
        var near = NearMisses.of(word, known);
        return near.isEmpty() ? "" : " Did you mean '" + String.join("'? Or '", near) + "'?";
    }

    /// The one known word that may have been meant; empty if none or several may.
    static Optional<String> meant(String word, Collection<String> known) {
        var near = NearMisses.of(word, known);
        return near.size() == 1 ? Optional.of(near.getFirst()) : Optional.empty();
    }
}
