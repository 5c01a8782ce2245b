package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What came of comparing all cases.
///
/// @param passed true if every case passed
public record ParityReport(boolean passed, List<CaseResult> cases) {
    private static final JsonMapper JSON = new JsonMapper();

    /// The report as a script reads it.
    public ObjectNode json() {
        var root = JSON.createObjectNode().put("passed", passed);
        var list = root.putArray("cases");
        for (var result : cases) {
            var node = list.addObject().put("case", result.name).put("passed", result.passed).put("skipped", result.skipped).put("checked",
                    result.checked);
            result.unchecked.forEach(node.putArray("unchecked")::add);
            if (result.worst == null) {
                node.putNull("worst");
            } else {
                node.putObject("worst").put("tensor", result.worst.tensor).put("error", Math.min(result.worst.error, Double.MAX_VALUE))
                        .put("tolerance", result.worst.tolerance);
            }
        }
        return root;
    }

    /// What came of one case.
    ///
    /// @param name the case's folder
    /// @param skipped why it was not run; such a case has not passed
    /// @param checked expected tensors that were compared
    /// @param unchecked those that were not; there must be none to pass
    /// @param worst the comparison nearest to its limit, or furthest beyond it; null if there was none
    public record CaseResult(String name, boolean passed, @Nullable String skipped, int checked, List<String> unchecked,
            @Nullable Worst worst) {
        /// A case of several parts, each with a name of its own before its tensors'.
        static CaseResult of(String name, List<CaseResult> parts) {
            var unchecked = parts.stream().flatMap(part -> part.unchecked.stream().map(tensor -> part.name + ": " + tensor)).toList();
            var worst = parts.stream().filter(part -> part.worst != null).map(part -> Objects.requireNonNull(part.worst).in(part.name))
                    .max(Comparator.comparingDouble(Worst::nearness)).orElse(null);
            return new CaseResult(name, !parts.isEmpty() && parts.stream().allMatch(CaseResult::passed), null,
                    parts.stream().mapToInt(CaseResult::checked).sum(), unchecked, worst);
        }

        public static CaseResult skipped(String name, String reason) { return new CaseResult(name, false, reason, 0, List.of(), null); }
    }

    /// @param error in the tolerance's measure; infinite for a NaN or another shape
    public record Worst(String tensor, double error, double tolerance) {
        /// How near to the limit, 1 being at it.
        double nearness() { return tolerance > 0 ? error / tolerance : error > 0 ? Double.POSITIVE_INFINITY : 0; }

        Worst in(String part) { return new Worst(part + ": " + tensor, error, tolerance); }
    }
}
