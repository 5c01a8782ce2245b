package dev.fusedit.trainer.bench;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.bench.PartTimes.Part;
import java.util.Map;

/// A workload with its weights and inputs, to be repeated. Owns them.
sealed interface Work extends AutoCloseable permits TrainWork, SampleWork {
    /// Of weights and inputs.
    Seed SEED = Seed.of(0);

    static Work of(Workload workload, BenchOptions options) {
        return switch (workload) {
            case Workload.Train train -> new TrainWork(train, options);
            case Workload.Sample sample -> new SampleWork(sample, options);
        };
    }

    /// Does all of it anew.
    ///
    /// @param index of the repetition; its noise and times are its own
    /// @return the loss before the step, or the mean size of what was sampled
    double repeat(int index);

    /// Parts of the batch that a repetition computes side by side.
    int lanes();

    /// Seconds that parts of a repetition take, each by itself.
    Map<Part, Double> parts();

    /// What the weights that learn, or are sampled with, are kept in.
    DType weightsDtype();

    @Override
    void close();
}
