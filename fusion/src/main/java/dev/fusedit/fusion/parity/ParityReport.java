package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.Device;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What came of comparing all cases.
///
/// @param device where models were computed
public record ParityReport(Device device, List<CaseResult> cases) {
    private static final JsonMapper JSON = new JsonMapper();

    /// True if every case passed.
    public boolean passed() { return cases.stream().allMatch(CaseResult::passed); }

    /// True if nothing is wrong but files: some are missing or broken, or do not fit each other, and all that could be compared agrees.
    public boolean isBadInput() {
        return cases.stream().anyMatch(CaseResult::unreadable) && cases.stream().allMatch(c -> c.passed || c.unreadable);
    }

    /// The report as a script reads it.
    public ObjectNode json() {
        var root = JSON.createObjectNode().put("device", device.toString()).put("passed", passed());
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
    /// @param beyond those that were, and are beyond their tolerance
    /// @param unreadable true if it was not run since its files are missing, broken or of no sense
    /// @param worst the comparison nearest to its limit, or furthest beyond it; null if there was none
    public record CaseResult(String name, boolean passed, @Nullable String skipped, int checked, List<String> unchecked,
            List<String> beyond, boolean unreadable, @Nullable Worst worst) {
        /// A case of several parts, each with a name of its own before its tensors'.
        static CaseResult of(String name, List<CaseResult> parts) {
            var worst = parts.stream().filter(part -> part.worst != null).map(part -> Objects.requireNonNull(part.worst).in(part.name))
                    .max(Comparator.comparingDouble(Worst::nearness)).orElse(null);
            return new CaseResult(name, !parts.isEmpty() && parts.stream().allMatch(CaseResult::passed), null,
                    parts.stream().mapToInt(CaseResult::checked).sum(), names(parts, CaseResult::unchecked),
                    names(parts, CaseResult::beyond),
                    false, worst);
        }

        private static List<String> names(List<CaseResult> parts, Function<CaseResult, List<String>> tensors) {
            return parts.stream().flatMap(part -> tensors.apply(part).stream().map(tensor -> part.name + ": " + tensor)).toList();
        }

        public static CaseResult skipped(String name, String reason) {
            return new CaseResult(name, false, reason, 0, List.of(), List.of(), false, null);
        }

        /// Skipped since something is wrong with its files.
        public static CaseResult unreadable(String name, String reason) {
            return new CaseResult(name, false, reason, 0, List.of(), List.of(), true, null);
        }
    }

    /// @param error in the tolerance's measure; infinite for a NaN or another shape
    public record Worst(String tensor, double error, double tolerance) {
        /// How near to the limit, 1 being at it.
        double nearness() { return tolerance > 0 ? error / tolerance : error > 0 ? Double.POSITIVE_INFINITY : 0; }

        Worst in(String part) { return new Worst(part + ": " + tensor, error, tolerance); }
    }
}
