package dev.fusedit.trainer.eval;

import com.google.common.collect.ImmutableSortedSet;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.eval.metrics.Share;
import dev.fusedit.trainer.log.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The Blocks score as a person reads it: kinds and attributes down, sets across.
public final class ScoreTable {
    private ScoreTable() {}

    /// @param sets scores by set, in the order of the columns
    public static String text(Map<String, BlocksScore> sets) { return TextTable.of(rows(sets)).text(); }

    /// The heads, then a row for each kind and attribute, and for shapes in two parts.
    public static List<List<String>> rows(Map<String, BlocksScore> sets) {
        var rows = new ArrayList<List<String>>();
        rows.add(cells("Blocks", sets, Map.Entry::getKey));
        for (var kind : Kind.values()) rows.add(cells(kind.key(), sets, set -> share(set.getValue().kinds().get(kind))));
        rows.add(cells("mean", sets, set -> decimal(set.getValue().mean())));
        rows.add(cells("images", sets, set -> String.valueOf(set.getValue().all().n())));
        var attributes = ImmutableSortedSet.<String>naturalOrder();
        sets.values().forEach(score -> attributes.addAll(score.attributes().keySet()));
        for (String attribute : attributes.build())
            rows.add(cells("right " + attribute, sets, set -> decimal(set.getValue().attributes().getOrDefault(attribute, 0.0))));
        rows.add(cells("outline whole", sets, set -> share(set.getValue().whole())));
        rows.add(cells("right if whole", sets, set -> share(set.getValue().rightIfWhole())));
        return rows;
    }

    private static List<String> cells(String head, Map<String, BlocksScore> sets, Function<Map.Entry<String, BlocksScore>, String> cell) {
        var cells = new ArrayList<>(List.of(head));
        sets.entrySet().forEach(set -> cells.add(cell.apply(set)));
        return cells;
    }

    /// The rate with its 95 % interval; a dash where nothing was asked for.
    private static String share(@Nullable Share share) {
        return share == null || share.n() == 0 ? "-"
                : decimal(share.rate()) + " (" + decimal(share.low()) + " to " + decimal(share.high()) + ")";
    }

    private static String decimal(double value) { return String.format(Locale.ROOT, "%.2f", value); }
}
