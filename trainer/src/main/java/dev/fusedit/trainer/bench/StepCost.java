package dev.fusedit.trainer.bench;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Ordering;
import com.google.common.math.Quantiles;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.trainer.stage.ProcessFigures;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;

/// What a workload's training step takes, in time and memory, without the parts and counts that [Bench] looks for besides.
///
/// @param seconds of the steps that count
/// @param lanes parts of the batch side by side
/// @param peakMiB largest resident set of the process; 0 where the system does not tell
/// @param baseMiB the same after a step on next to nothing: weights, gradients, moments, the process itself, and nothing that grows with
///        what a step is about
public record StepCost(List<Double> seconds, int lanes, long peakMiB, long baseMiB) {
    public StepCost {
        checkArgument(!seconds.isEmpty(), "there is no step that counts");
        checkArgument(0 <= baseMiB && baseMiB <= peakMiB, "a base of %s MiB below a peak of %s", baseMiB, peakMiB);
        seconds = ImmutableList.copyOf(seconds);
    }

    /// Measures in this process, which should have done nothing else: its peak is taken as the workload's. The first steps do not count,
    /// unless the time is over after them.
    ///
    /// @param limit seconds after which no step begins that would not end before, by the one before it
    /// @param follower hears of each step; what it throws ends the measurement
    public static StepCost of(Workload.Train workload, BenchOptions options, double limit, Consumer<Repetition> follower) {
        Libtorch.setThreads(options.threads());
        try (var work = new TrainWork(workload, options)) {
            work.least();
            long base = ProcessFigures.peakMiB();
            var seconds = new ArrayList<Double>();
            double sum = 0;
            int warmUp = warmUp(workload, options);
            for (int i = 0; i < steps(workload, options) && (i == 0 || sum + seconds.getLast() <= limit); i++) {
                long start = System.nanoTime();
                work.repeat(i);
                seconds.add((System.nanoTime() - start) / 1e9);
                sum += seconds.getLast();
                follower.accept(i < warmUp ? new Repetition(options.name(workload), true, i + 1, warmUp, seconds.getLast())
                        : new Repetition(options.name(workload), false, i + 1 - warmUp, options.repetitions(), seconds.getLast()));
            }
            return new StepCost(seconds.subList(Math.min(warmUp, seconds.size() - 1), seconds.size()), work.lanes(),
                    ProcessFigures.peakMiB(), base);
        }
    }

    /// Steps that are taken if the time allows so many.
    public static int steps(Workload.Train workload, BenchOptions options) { return warmUp(workload, options) + options.repetitions(); }

    private static int warmUp(Workload.Train workload, BenchOptions options) { return Bench.warmUp(workload, options.device(), 1); }

    public double median() { return Quantiles.median().compute(seconds); }

    public double least() { return Ordering.natural().min(seconds); }

    /// What grows with a step's work: activations, and what is there for a while.
    public long aboveBaseMiB() { return peakMiB - baseMiB; }

    public ObjectNode json() {
        var json = JsonNodeFactory.instance.objectNode();
        seconds.forEach(json.putArray("seconds")::add);
        return json.put("lanes", lanes).put("peak_mib", peakMiB).put("base_mib", baseMiB);
    }

    /// What [#json] wrote.
    public static StepCost of(JsonNode json) {
        var seconds = StreamSupport.stream(json.path("seconds").spliterator(), false).map(JsonNode::doubleValue).toList();
        return new StepCost(seconds, json.path("lanes").intValue(), json.path("peak_mib").longValue(), json.path("base_mib").longValue());
    }
}
