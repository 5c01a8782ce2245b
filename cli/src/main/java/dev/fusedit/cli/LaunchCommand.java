package dev.fusedit.cli;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.Host;
import dev.fusedit.trainer.run.Interrupts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "launch",
        description = {"Starts several processes of a command on this machine, which share its work.",
            "Where one ends badly the others end too. On several machines any launcher does that sets RANK, WORLD_SIZE, MASTER_ADDR and "
                    + "MASTER_PORT: torchrun, or a job of Slurm or Kubernetes."})
final class LaunchCommand implements Callable<Integer> {
    private static final int LAST_PORT = 65_535;

    @Spec
    private CommandSpec spec;

    @Option(names = "--nproc", required = true, paramLabel = "N", description = "How many processes.")
    private int processes;

    @Option(names = "--threads", paramLabel = "N",
            description = "Of libtorch's kernels in each process. Default: $OMP_NUM_THREADS, else the cores, evenly.")
    private @Nullable Integer threads;

    @Option(names = "--port", paramLabel = "N", description = "Where rank 0 listens on 127.0.0.1. Default: one that is free.")
    private @Nullable Integer port;

    @Option(names = "--restarts", paramLabel = "N", defaultValue = "0",
            description = "Start all again, up to N times, where one ended badly, but for bad input (2) and a training that diverged (4), "
                    + "which would end so again: a run goes on after its newest checkpoint (default: ${DEFAULT-VALUE}).")
    private int restarts;

    @Parameters(arity = "1..*", paramLabel = "COMMAND", description = "Behind --: the command with its options.")
    private List<String> command;

    @Override
    public Integer call() throws Exception {
        OptionBounds.check("--nproc", Bound.THREADS, processes);
        OptionBounds.check("--threads", Bound.THREADS, threads);
        if (port != null && (port < 1 || port > LAST_PORT))
            throw new UserError("--port must be from 1 to %d, but is %d".formatted(LAST_PORT, port));
        if (restarts < 0) throw new UserError("--restarts must be 0 or more, but is " + restarts);
        if (Job.isShared()) throw new UserError("launch: this is one process of several already (WORLD_SIZE is set)");
        var err = spec.commandLine().getErr();
        for (int left = restarts;; left--) {
            var launched = new Launched(command, spec.commandLine().getOut(), err);
            try (var interrupts = Interrupts.watch(launched::stop, launched::kill)) {
                launched.start(processes, threads(), port == null ? free() : port);
                int status = launched.await();
                if (interrupts.status() != 0 || left == 0 || !mayHelp(status)) return status;
                err.println("launch: starting again, %d of %d times".formatted(restarts - left + 1, restarts));
            }
        }
    }

    /// Whether another start may end otherwise: not of what is done, of a mistake of the user, of a training that would diverge again.
    static boolean mayHelp(int status) { return status != ExitCode.OK && status != ExitCode.BAD_INPUT && status != ExitCode.DIVERGED; }

    /// Null where the environment says it.
    private @Nullable Integer threads() {
        if (threads != null) return threads;
        return System.getenv().getOrDefault("OMP_NUM_THREADS", "").isBlank() ? Math.max(1, Host.here().cores().allowed() / processes)
                : null;
    }

    private static int free() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UserError("launch: no port of 127.0.0.1 can be had: " + e.getMessage(), e);
        }
    }
}
