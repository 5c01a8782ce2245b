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
        curve.planned().forEach(point -> text.append("  ~%,d is planned: %s%n".formatted(point.task().value(), point.why())));
        law(text, "time", quantity, curve.time());
        law(text, "needed work", quantity, curve.work());
        law(text, curve.memoryName(), quantity, curve.memory());
        return text.toString();
    }

    private static void row(TextTable table, Point point) {
        var task = point.task();
        var parameters = "%,d".formatted(task.memory().parameters());
        var work = number("%.1f", task.workload().flops() / 1e9);
        var planned = "%,d".formatted(task.plannedMiB());
        switch (point) {
            case Point.Measured(_, var cost) -> table.row("%,d".formatted(task.value()), parameters, work, number("%.4f", cost.median()),
                    Integer.toString(cost.seconds().size()), number("%.0f", task.workload().flops() / cost.median() / 1e9),
                    "%,d".formatted(cost.peakMiB()), "%,d".formatted(cost.aboveBaseMiB()), planned);
            case Point.Planned(_, var seconds, _) -> table.row("~%,d".formatted(task.value()), parameters, work,
                    seconds == null ? NONE : number("~%.1f", seconds), NONE, NONE, NONE, NONE, planned);
        }
    }

    private static void law(StringBuilder text, String y, String x, @Nullable PowerLaw law) {
        text.append("  ").append(law == null ? y + ": too few points" : law.words(y, x) + " (" + law.certainty() + ")").append('\n');
    }

    /// One line, while it goes on.
    static String line(Point point) {
        var task = point.task();
        var name = "%s %,d: ".formatted(task.quantity(), task.value());
        return name + switch (point) {
            case Point.Measured(_, var cost) -> number("%.4f s a step", cost.median()) + ", %,d MiB, %,d above the base"
                    .formatted(cost.peakMiB(), cost.aboveBaseMiB());
            case Point.Planned(_, _, var why) -> "by plan %,d MiB; not measured, %s".formatted(task.plannedMiB(), why);
        };
    }

    private static String number(String format, double value) { return String.format(Locale.ROOT, format, value); }
}
