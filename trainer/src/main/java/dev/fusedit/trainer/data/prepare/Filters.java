package dev.fusedit.trainer.data.prepare;

import dev.fusedit.trainer.data.table.DuckDb;
import com.google.common.base.Joiner;
import com.google.common.collect.ImmutableSortedMap;
import dev.fusedit.torch.UserError;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/// The rules of a set with the values that a person chose.
///
/// @param values of all its thresholds, by name
public record Filters(PublishedSet set, ImmutableSortedMap<String, Double> values) {
    /// @param chosen in place of the defaults
    /// @throws UserError if the set knows no such rule, or a value is no number
    public static Filters of(PublishedSet set, Map<String, Double> chosen) {
        var values = new TreeMap<String, Double>();
        set.thresholds().forEach(threshold -> values.put(threshold.name(), threshold.value()));
        chosen.forEach((name, value) -> {
            if (!values.containsKey(name))
                throw new UserError("--%s: the metadata of %s say nothing of it. It has --%s".formatted(name, set.title(),
                        Joiner.on(", --").join(values.keySet())));
            if (!Double.isFinite(value)) throw new UserError("--%s: a number is needed, not %s".formatted(name, value));
            values.put(name, value);
        });
        return new Filters(set, ImmutableSortedMap.copyOf(values));
    }

    OptionalDouble value(String name) {
        var value = values.get(name);
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }

    /// The cause for which a row is left out by its metadata alone, or NULL: an expression in SQL.
    String causeSql() {
        var sql = new StringBuilder("CASE WHEN ").append(isBlank(set.url())).append(" THEN '").append(RowCause.NO_URL.word())
                .append("' WHEN ").append(isBlank(set.caption())).append(" THEN '").append(RowCause.NO_CAPTION.word()).append('\'');
        for (var threshold : set.thresholds()) {
            sql.append(" WHEN ").append(threshold.leftOut().replace("%s", values.get(threshold.name()).toString())).append(" THEN '")
                    .append(threshold.cause().word()).append('\'');
        }
        return sql.append(" END").toString();
    }

    /// Few texts begin with a space, so few are trimmed: to trim all took half of the time of all rules.
    private static String isBlank(String column) {
        return "%1$s IS NULL OR %1$s = '' OR prefix(%1$s, ' ') AND trim(%1$s) = ''".formatted(DuckDb.name(column));
    }
}
