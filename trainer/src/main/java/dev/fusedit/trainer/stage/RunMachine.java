package dev.fusedit.trainer.stage;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.host.Cpu;

/// What the bits of a run's sums depend on, beside its recipe: noted in its checkpoints, so that going on elsewhere is told.
///
/// @param threads of libtorch's kernels
/// @param cpu as its maker calls it
/// @param libtorch its version
public record RunMachine(int threads, String cpu, String libtorch) {
    public static RunMachine here() { return new RunMachine(Libtorch.threads(), Cpu.here().name(), Libtorch.info().version()); }

    /// `2 threads on an AMD EPYC 9R14 (libtorch 2.13.0)`
    @Override
    public String toString() { return "%d thread%s on %s (libtorch %s)".formatted(threads, threads == 1 ? "" : "s", cpu, libtorch); }
}
