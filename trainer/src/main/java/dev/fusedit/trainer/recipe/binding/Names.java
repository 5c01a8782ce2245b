package dev.fusedit.trainer.recipe.binding;

import static com.google.common.base.CaseFormat.LOWER_CAMEL;
import static com.google.common.base.CaseFormat.LOWER_HYPHEN;
import static com.google.common.base.CaseFormat.LOWER_UNDERSCORE;
import static com.google.common.base.CaseFormat.UPPER_CAMEL;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.config.Named;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

    /// The records of a sealed interface by their recipe names.
    public static Map<String, Class<?>> variants(Class<?> sealed) {
        var variants = ImmutableMap.<String, Class<?>>builder();
        for (Class<?> type : sealed.getPermittedSubclasses()) variants.put(variant(type), type);
        return variants.build();
    }

    /// ` Did you mean 'x'?` if a known word is near, else the known words.
    public static String suggestion(String word, Collection<String> known) {
        var nearest = known.stream().min(Comparator.comparingInt(candidate -> distance(word, candidate)));
        if (nearest.isPresent() && distance(word, nearest.get()) <= Math.max(1, Math.min(3, word.length() / 3)))
            return " Did you mean '" + nearest.get() + "'?";
        return known.isEmpty() ? "" : " Known: " + String.join(", ", known) + ".";
    }

    /// Levenshtein's distance in which swapping two neighbours counts once, row by row.
    static int distance(String a, String b) {
        int[] before = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) last[j] = j;
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = last[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, 1 + Math.min(last[j], row[j - 1]));
                boolean swapped = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) row[j] = Math.min(row[j], before[j - 2] + 1);
            }
            before = last;
            last = row;
        }
        return last[b.length()];
    }
}
