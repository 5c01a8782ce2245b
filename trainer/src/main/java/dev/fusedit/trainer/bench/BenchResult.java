package dev.fusedit.trainer.bench;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Ordering;
import com.google.common.math.Quantiles;
import dev.fusedit.torch.DType;
import dev.fusedit.trainer.bench.PartTimes.Part;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/// What was measured of one workload.
///
/// @param seconds of each repetition
/// @param values of each: losses, or mean sizes of what was sampled
/// @param deviceName what the driver calls the GPU; empty on the CPU
/// @param peakMiB largest resident set of the process, 0 where the system does not tell; of a GPU what libtorch took of it at most
/// @param weightsDtype of the weights that learn or are sampled with
/// @param lanes parts of the batch that a repetition computes side by side
/// @param ops calls of libtorch in a repetition; a backward pass is one, and each lane makes its own
/// @param javaBytes that a repetition allocates on Java's heap
/// @param parts seconds of a repetition, by what they go into
/// @param matmulPeak floating-point operations a second that the machine reaches in the workload's dtype
public record BenchResult(Workload workload, BenchOptions options, String deviceName, List<Double> seconds, List<Double> values,
        long peakMiB, DType weightsDtype, int lanes, long ops, long javaBytes, Map<Part, Double> parts, double matmulPeak) {
    private static final JsonMapper JSON = new JsonMapper();

    public BenchResult {
        seconds = ImmutableList.copyOf(seconds);
        values = ImmutableList.copyOf(values);
        parts = ImmutableMap.copyOf(parts);
    }

    public double median() { return Quantiles.median().compute(seconds); }

    public double least() { return Ordering.natural().min(seconds); }

    /// Floating-point operations a second of the needed work, by the median.
    public double rate() { return workload.flops() / median(); }

    /// How much of what the machine reaches that is; equal machines give equal numbers, however busy.
    public double share() { return rate() / matmulPeak; }

    /// MFU (model FLOPs utilization) in bf16: the image side's operations, and with them the frozen language model's, by the dense peak of the
    /// GPU's data sheet.
    ///
    /// @param imageFlops of the image side in a repetition: [WorkloadFlops]
    /// @param peak operations a second
    private record Utilization(double imageFlops, double peak, double image, double whole) {}

    /// @return empty in f32, on the CPU, and on a GPU whose data sheet is not known
    private Optional<Utilization> utilization() {
        var peak = options.dtype() == DType.BF16 ? DensePeak.bf16(deviceName) : OptionalDouble.empty();
        if (peak.isEmpty()) return Optional.empty();
        double imageFlops = WorkloadFlops.ofImages(workload), possible = median() * peak.getAsDouble();
        return Optional.of(new Utilization(imageFlops, peak.getAsDouble(), imageFlops / possible, workload.flops() / possible));
    }

    public ObjectNode json() {
        boolean trains = workload.isTraining();
        var json = JSON.createObjectNode().put("workload", workload.name()).put("dtype", options.dtype().toString())
                .put("device", options.device().toString()).put("threads", options.threads()).put("lanes", lanes)
                .put("unit", trains ? "s/step" : "s/call")
                .put("median", median()).put("min", least()).put("peak_mib", peakMiB).put("runs", seconds.size())
                .put("flops", workload.flops()).put("flops_per_s", rate()).put("matmul_peak", matmulPeak).put("share", share())
                .put("images_per_s", workload.images() / median()).put("ops", ops).put("java_bytes", javaBytes);
        if (trains) {
            json.put("loss_first", values.getFirst()).put("loss_last", values.getLast());
        } else {
            json.put("output_abs_mean", values.getLast());
        }
        if (!deviceName.isEmpty()) json.put("device_name", deviceName);
        utilization().ifPresent(use -> json.put("image_flops", use.imageFlops).put("dense_peak", use.peak).put("mfu", use.image)
                .put("mfu_with_llm", use.whole));
        json.put("weights_dtype", weightsDtype.toString()).put("compute_dtype", options.dtype().toString());
        var times = json.putObject("parts");
        parts.forEach((part, part_seconds) -> times.put(name(part), part_seconds));
        seconds.forEach(json.putArray("seconds")::add);
        return json;
    }

    /// For people.
    @Override
    public String toString() {
        return "%-14s %s  %s  median %.4f s (least %.4f, %d runs)  %.1f images/s  %.0f GFLOP/s, %.0f %% of this machine's products  %d MiB  %d calls"
                .formatted(workload.name(), options.dtype(), workload.isTraining() ? "training step" : "sampling call",
                        median(), least(), seconds.size(), workload.images() / median(), rate() / 1e9, 100 * share(), peakMiB, ops)
                + (options.device().isCpu() ? "  threads: %d, lanes: %d".formatted(options.threads(), lanes) : "  " + deviceName)
                + utilization().map(use -> String.format(Locale.ROOT,
                        "%n  MFU %.1f %% = %.4g FLOP of the image side / %.4g s / %.4g FLOP/s (dense bf16 by the data sheet); "
                                + "%.1f %% with the frozen language model's %.4g",
                        100 * use.image, use.imageFlops, median(), use.peak, 100 * use.whole, workload.flops() - use.imageFlops))
                        .orElse("")
                + System.lineSeparator() + "  "
                + parts.entrySet().stream().map(part -> "%s %.4f s".formatted(name(part.getKey()), part.getValue()))
                        .collect(Collectors.joining(", "));
    }

    private static String name(Part part) { return part.name().toLowerCase(Locale.ROOT); }
}
