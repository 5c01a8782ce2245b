package dev.fusedit.trainer.eval.metrics;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import org.apache.commons.statistics.distribution.TDistribution;

/// A mean with its 95 % interval.
///
/// @param n units that it is the mean of: prompts, pairs, images; what belongs together is one unit, as it is not independent
public record Estimate(double value, double low, double high, int n) {
    private static final double Z = 1.959964;
    private static final double TAIL = 0.025;
    private static final MathContext DIGITS = new MathContext(7);

    /// Student's interval over units. One unit has none: it reaches over all numbers.
    public static Estimate mean(double... units) {
        checkArgument(units.length > 0, "no mean of nothing");
        var mean = Arrays.stream(units).average().orElseThrow();
        if (units.length == 1) return new Estimate(mean, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 1);
        double half = TDistribution.of(units.length - 1).inverseSurvivalProbability(TAIL) * standardError(units, mean);
        return new Estimate(mean, mean - half, mean + half, units.length);
    }

    /// A share of trials that come in groups, such as images of prompts: Wilson's interval for as many independent trials as explain how
    /// much the groups differ, at least as many as there are groups and at most as there are trials.
    ///
    /// @param groups the share in each
    /// @param trials in all groups
    public static Estimate share(double[] groups, int trials) {
        checkArgument(groups.length > 0 && trials >= groups.length, "%s trials in %s groups", trials, groups.length);
        var share = Arrays.stream(groups).average().orElseThrow();
        var error = groups.length == 1 ? 0 : standardError(groups, share);
        boolean allAlike = share == 0 || share == 1; // and so nothing tells how much groups differ
        double independent =
                allAlike ? groups.length : error == 0 ? trials : Math.clamp(share * (1 - share) / (error * error), groups.length, trials);
        double centre = (share + Z * Z / (2 * independent)) / (1 + Z * Z / independent);
        double half = Z * Math.sqrt(share * (1 - share) / independent + Z * Z / (4 * independent * independent))
                / (1 + Z * Z / independent);
        return new Estimate(share, Math.max(0, centre - half), Math.min(1, centre + half), groups.length);
    }

    /// The mean of independent means, each as heavy as any other.
    public static Estimate meanOf(Collection<Estimate> parts) {
        double value = parts.stream().mapToDouble(Estimate::value).average().orElseThrow();
        double below = Math.sqrt(parts.stream().mapToDouble(part -> square(part.value - part.low)).sum()) / parts.size();
        double above = Math.sqrt(parts.stream().mapToDouble(part -> square(part.high - part.value)).sum()) / parts.size();
        return new Estimate(value, value - below, value + above, parts.stream().mapToInt(Estimate::n).sum());
    }

    /// The same interval about a value that is computed otherwise.
    public Estimate at(double other) { return new Estimate(other, Math.min(low, other), Math.max(high, other), n); }

    private static double square(double x) { return x * x; }

    private static double standardError(double[] units, double mean) {
        return Math.sqrt(Arrays.stream(units).map(unit -> square(unit - mean)).sum() / (units.length - 1) / units.length);
    }

    /// `{"value", "interval": [low, high], "n"}`; an interval without ends is left out.
    public ObjectNode toJson() {
        var json = JsonNodeFactory.instance.objectNode().put("value", rounded(value));
        if (Double.isFinite(low) && Double.isFinite(high)) json.putArray("interval").add(rounded(low)).add(rounded(high));
        return json.put("n", n);
    }

    /// To seven digits, however small the number is: a loss of captions may differ by millionths.
    private static double rounded(double number) {
        return Double.isFinite(number) ? new BigDecimal(number).round(DIGITS).doubleValue() : number;
    }

    /// `0.52 (0.45 to 0.60)`
    public String text() { return text(2); }

    public String text(int digits) {
        var form = "%." + digits + "f";
        return Double.isFinite(low) && Double.isFinite(high)
                ? String.format(Locale.ROOT, form + " (" + form + " to " + form + ")", value, low, high)
                : String.format(Locale.ROOT, form, value);
    }
}
