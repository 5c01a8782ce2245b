package dev.fusedit.trainer.bench;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableSortedMap;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// How fast workloads were, as shares of what the same machine's matmuls reached in the same run: what a change must not fall below.
///
/// @param tolerance part of a share that may be missing before it counts
/// @param shares by workload and dtype, `train-s f32`
public record Baseline(double tolerance, Map<String, Double> shares) {
    private static final JsonMapper JSON = new JsonMapper();
    private static final double USUAL = 0.15;

    public Baseline {
        shares = ImmutableSortedMap.copyOf(shares);
    }

    /// Whether a result is as fast as it was.
    public record Verdict(String name, double share, double before, boolean holds) {
        @Override
        public String toString() {
            return "%s: %.0f %% of the matmuls' rate, %.0f %% in the baseline: %s".formatted(name, 100 * share, 100 * before,
                    holds ? "holds" : "SLOWER");
        }
    }

    /// @throws UserError naming file and field of whatever is wrong
    public static Baseline read(Path file) {
        var fields = new ConfigReader(JsonFile.object(file, "Record it by --record"), file.toString());
        var shares = new TreeMap<String, Double>();
        var each = fields.in("shares");
        each.node().fieldNames().forEachRemaining(name -> shares.put(name, each.number(name, 0)));
        return new Baseline(fields.number("tolerance", USUAL), shares);
    }

    private static String name(BenchResult result) { return result.options().name(result.workload()); }

    /// @throws UserError if this says nothing of the workload
    public Verdict check(BenchResult result) {
        var before = shares.get(name(result));
        if (before == null) {
            throw new UserError("the baseline says nothing of '%s', only of %s. Record it by --record".formatted(name(result),
                    String.join(", ", shares.keySet())));
        }
        return new Verdict(name(result), result.share(), before, result.share() >= (1 - tolerance) * before);
    }

    /// Puts a result into a file, beside what is there.
    ///
    /// @throws UserError if it cannot be read or written
    public static void record(Path file, BenchResult result) {
        var old = Files.exists(file) ? read(file) : new Baseline(USUAL, Map.of());
        var json = JSON.createObjectNode().put("tolerance", old.tolerance);
        var shares = new TreeMap<>(old.shares);
        shares.put(name(result), Math.round(1000 * result.share()) / 1000.0);
        shares.forEach(json.putObject("shares")::put);
        try {
            WholeFile.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
    }
}
