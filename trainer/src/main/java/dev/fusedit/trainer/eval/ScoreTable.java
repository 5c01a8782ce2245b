package dev.fusedit.trainer.eval;

import com.google.common.collect.ImmutableSortedSet;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import dev.fusedit.trainer.eval.blocks.Share;
import dev.fusedit.trainer.log.TextTable;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/// The Blocks score as a person reads it: kinds and attributes down, sets across.
public final class ScoreTable {
    private ScoreTable() {}

    /// @param sets scores by set, in the order of the columns
    public static String text(Map<String, BlocksScore> sets) {
        var table = new TextTable(cells("Blocks", sets, Map.Entry::getKey));
        for (var kind : Kind.values()) table.row(cells(kind.key(), sets, set -> share(set.getValue(), kind)));
        table.row(cells("mean", sets, set -> decimal(set.getValue().mean())));
        table.row(cells("images", sets, set -> String.valueOf(set.getValue().all().n())));
        var attributes = ImmutableSortedSet.<String>naturalOrder();
        sets.values().forEach(score -> attributes.addAll(score.attributes().keySet()));
        for (String attribute : attributes.build())
            table.row(cells("right " + attribute, sets, set -> decimal(set.getValue().attributes().getOrDefault(attribute, 0.0))));
        return table.text();
    }

    private static String[] cells(String head, Map<String, BlocksScore> sets, Function<Map.Entry<String, BlocksScore>, String> cell) {
        String[] cells = new String[sets.size() + 1];
        Arrays.setAll(cells, _ -> head);
        int i = 1;
        for (var set : sets.entrySet()) cells[i++] = cell.apply(set);
        return cells;
    }

    /// The rate with its 95 % interval; a dash where the kind was not asked for.
    private static String share(BlocksScore score, Kind kind) {
        Share share = score.kinds().get(kind);
        return share == null ? "-" : decimal(share.rate()) + " (" + decimal(share.low()) + " to " + decimal(share.high()) + ")";
    }

    private static String decimal(double value) { return String.format(Locale.ROOT, "%.2f", value); }
}
