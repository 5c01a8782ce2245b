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
import java.util.stream.StreamSupport;

/// What a workload's training step takes, in time and memory, without the parts and counts that [Bench] looks for besides.
///
/// @param seconds of the steps that count
/// @param peakMiB largest resident set of the process; 0 where the system does not tell
/// @param baseMiB the same after a step on next to nothing: weights, gradients, moments, the process itself, and nothing that grows with what
///        a step is about
public record StepCost(List<Double> seconds, long peakMiB, long baseMiB) {
    public StepCost {
        checkArgument(!seconds.isEmpty(), "there is no step that counts");
        checkArgument(0 <= baseMiB && baseMiB <= peakMiB, "a base of %s MiB below a peak of %s", baseMiB, peakMiB);
        seconds = ImmutableList.copyOf(seconds);
    }

    /// Measures in this process, which should have done nothing else: its peak is taken as the workload's. The first steps do not count,
    /// unless the time is over after them.
    ///
    /// @param limit seconds after which no step begins that would not end before, by the one before it
    public static StepCost of(Workload.Train workload, BenchOptions options, double limit) {
        Libtorch.setThreads(options.threads());
        try (var work = new TrainWork(workload, options)) {
            work.least();
            long base = ProcessFigures.peakMiB();
            var seconds = new ArrayList<Double>();
            double sum = 0;
            int warmUp = Bench.warmUp(workload, 1);
            for (int i = 0; i < warmUp + options.repetitions() && (i == 0 || sum + seconds.getLast() <= limit); i++) {
                long start = System.nanoTime();
                work.repeat(i);
                seconds.add((System.nanoTime() - start) / 1e9);
                sum += seconds.getLast();
            }
            return new StepCost(seconds.subList(Math.min(warmUp, seconds.size() - 1), seconds.size()), ProcessFigures.peakMiB(), base);
        }
    }

    public double median() { return Quantiles.median().compute(seconds); }

    public double least() { return Ordering.natural().min(seconds); }

    /// What grows with a step's work: activations, and what is there for a while.
    public long aboveBaseMiB() { return peakMiB - baseMiB; }

    public ObjectNode json() {
        var json = JsonNodeFactory.instance.objectNode();
        seconds.forEach(json.putArray("seconds")::add);
        return json.put("peak_mib", peakMiB).put("base_mib", baseMiB);
    }

    /// What [#json] wrote.
    public static StepCost of(JsonNode json) {
        var seconds = StreamSupport.stream(json.path("seconds").spliterator(), false).map(JsonNode::doubleValue).toList();
        return new StepCost(seconds, json.path("peak_mib").longValue(), json.path("base_mib").longValue());
    }
}
