package dev.fusedit.trainer.bench.curves;

import dev.fusedit.trainer.log.TextTable;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A curve for people.
public final class CurveText {
    private static final String NONE = "-";

    private CurveText() {}

    /// A table of all points and what they follow. Planned values have a `~` before them.
    public static String of(Curve curve) {
        var quantity = curve.quantity().toString();
        var table = new TextTable(quantity, "parameters", "GFLOP", "s/step", "runs", "GFLOP/s", "peak MiB", "above base", "planned MiB");
        curve.points().forEach(point -> row(table, point));
        var text = new StringBuilder(quantity + ": " + curve.quantity().about() + "\n" + table.text());
        curve.planned().forEach(point -> text.append(said("  ~%,d is planned: %s\n", point.task().value(), point.why())));
        law(text, "time", quantity, curve.time());
        law(text, "needed work", quantity, curve.work());
        law(text, curve.memoryName(), quantity, curve.memory());
        return text.toString();
    }

    private static void row(TextTable table, Point point) {
        var task = point.task();
        var parameters = said("%,d", task.memory().parameters());
        var work = said("%.1f", task.workload().flops() / 1e9);
        var planned = said("%,d", task.plannedMiB());
        switch (point) {
            case Point.Measured(_, var cost) -> table.row(said("%,d", task.value()), parameters, work, said("%.4f", cost.median()),
                    Integer.toString(cost.seconds().size()), said("%.0f", task.workload().flops() / cost.median() / 1e9),
                    said("%,d", cost.peakMiB()), said("%,d", cost.aboveBaseMiB()), planned);
            case Point.Planned(_, var seconds, _) -> table.row(said("~%,d", task.value()), parameters, work,
                    seconds == null ? NONE : said("~%.1f", seconds), NONE, NONE, NONE, NONE, planned);
        }
    }

    private static void law(StringBuilder text, String y, String x, @Nullable PowerLaw law) {
        text.append("  ").append(law == null ? y + ": too few points" : law.words(y, x) + " (" + law.certainty() + ")").append('\n');
    }

    /// One line, while it goes on.
    static String line(Point point) {
        var task = point.task();
        var name = said("%s %,d: ", task.quantity(), task.value());
        return name + switch (point) {
            case Point.Measured(_, var cost) -> said("%.4f s a step, %,d MiB, %,d above the base", cost.median(), cost.peakMiB(),
                    cost.aboveBaseMiB());
            case Point.Planned(_, _, var why) -> said("by plan %,d MiB; not measured, %s", task.plannedMiB(), why);
        };
    }

    private static String said(String format, Object... values) { return String.format(Locale.ROOT, format, values); }
}
