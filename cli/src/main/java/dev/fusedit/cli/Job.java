package dev.fusedit.cli;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.torch.distributed.Rendezvous;
import dev.fusedit.torch.host.Host;
import dev.fusedit.trainer.plan.Processes;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.step.Sharding;
import java.util.Map;
import java.util.function.IntSupplier;

/// The processes that a launcher has started for one command, of which this is one.
final class Job {
    private static final Map<String, String> ENVIRONMENT = System.getenv();
    private static final String THREADS = "OMP_NUM_THREADS";

    private Job() {}

    /// Whether there are others.
    static boolean isShared() { return Rendezvous.of(ENVIRONMENT).isPresent(); }

    /// Where a launcher has started this process, a job may be of one process today and of several tomorrow by the same command.
    ///
    /// @param what several processes alone do
    /// @throws UserError where none has
    static void requireLaunched(String what) {
        if (ENVIRONMENT.getOrDefault("WORLD_SIZE", "").isBlank())
            throw new UserError(what + ", and this is one alone: start them by ./fusedit launch --nproc N -- train …, or leave it out");
    }

    /// Waits for the others, and takes its share of the machine's threads, unless it is told how many to take.
    static ProcessGroup join() {
        var place = Rendezvous.of(ENVIRONMENT);
        if (place.isEmpty()) return ProcessGroup.alone(); // nobody asks which build this is
        if (place.get().localSize() > 1 && ENVIRONMENT.getOrDefault(THREADS, "").isBlank()) {
            Libtorch.setThreads(Math.max(1, Host.here().cores().allowed() / place.get().localSize()));
        }
        return ProcessGroup.join(Build.digest(), ENVIRONMENT);
    }

    /// What a run's plan is to know of the processes that share it.
    static Processes processes(ProcessGroup group, Sharding sharding) {
        int here = Rendezvous.of(ENVIRONMENT).map(Rendezvous::localSize).orElse(1);
        return new Processes(group.size(), here, sharding);
    }

    /// @throws UserError if several processes of a machine would compute on the same CUDA device
    static void requireOwnDevice(Run.Device device) {
        var visible = ENVIRONMENT.getOrDefault(Launched.DEVICES, "");
        switch (device) {
            case CPU -> {}
            case CUDA -> Rendezvous.of(ENVIRONMENT).filter(place -> place.localSize() > 1 && (visible.isBlank() || visible.contains(",")))
                    .ifPresent(place -> {
                        throw new UserError(
                                "rank %d is one of %d processes on this machine, each of which computes on its cuda:0: start it with %s=%d"
                                        .formatted(place.rank(), place.localSize(), Launched.DEVICES, place.localRank()));
                    });
        }
    }

    /// Rank 0's part of a command. Whatever comes of it, the others are let go.
    static int lead(ProcessGroup group, IntSupplier command) {
        try {
            int status = command.getAsInt();
            group.end(status);
            return status;
        } catch (RuntimeException | Error e) {
            group.end(Failure.status(e));
            throw e;
        }
    }

    /// @param what is done by one process alone
    /// @throws UserError in one of several
    static void requireAlone(String what) {
        Rendezvous.of(ENVIRONMENT).ifPresent(place -> {
            throw new UserError("%s, which one process does, and this is one of %d (WORLD_SIZE)".formatted(what, place.size()));
        });
    }
}
