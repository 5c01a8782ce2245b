package dev.fusedit.cli;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.bench.Baseline;
import dev.fusedit.trainer.bench.Bench;
import dev.fusedit.trainer.bench.BenchForecast;
import dev.fusedit.trainer.bench.BenchOptions;
import dev.fusedit.trainer.bench.CaseExport;
import dev.fusedit.trainer.bench.TrialMatmul;
import dev.fusedit.trainer.bench.Workload;
import dev.fusedit.trainer.bench.Workloads;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "bench",
        description = {"Times fixed work: training steps and sampling calls of models with random weights.",
            "Seconds are of this machine as it is now; the share of its matmuls' rate is what to compare."},
        subcommands = {CurvesCommand.class, FeedCommand.class})
final class BenchCommand implements Callable<Integer> {
    private static final String ALL = "all";
    /// Repetitions that a forecast is held against.
    private static final int BELIEVED = 2;

    @Spec
    private CommandSpec spec;

    /// Left out before a subcommand alone.
    @Parameters(paramLabel = "WORKLOAD", arity = "0..1",
            description = "train-s, train-m, train-cross-s, sample-s or sample-m; or all, each in a process of its own.")
    private @Nullable String name;

    @Option(names = "--workloads", paramLabel = "FILE", description = "Other workloads than the built-in ones, as JSON.")
    private @Nullable Path file;

    @Option(names = "--dtype", paramLabel = "DTYPE", defaultValue = "f32", description = "f32 or bf16 (default: ${DEFAULT-VALUE}).")
    private FloatDtype dtype;

    @Mixin
    private ComputeOption compute;

    @Option(names = "--threads", paramLabel = "N",
            description = "Of libtorch's kernels (default: as many as there are cores for this process).")
    private @Nullable Integer threads;

    @Option(names = "--lanes", paramLabel = "N",
            description = "Parts of the batch side by side, each on one thread (default: as many as a run would have).")
    private @Nullable Integer lanes;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "5", description = "Repetitions that count (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--json", description = "One object a workload.")
    private boolean json;

    @Option(names = "--export", paramLabel = "DIR",
            description = "Measure nothing: write weights, inputs and our outputs as a case for `parity`.")
    private @Nullable Path export;

    @Option(names = "--check", paramLabel = "FILE",
            description = "Exit code 1 if it is slower than in this baseline, by more than its tolerance.")
    private @Nullable Path baseline;

    @Option(names = "--record", paramLabel = "FILE", description = "Put it into this baseline.")
    private @Nullable Path record;

    @Override
    public Integer call() throws Exception {
        var workloads = file == null ? Workloads.builtIn() : Workloads.read(file);
        var options = options();
        if (ALL.equals(name)) {
            return stoppable(console -> each(workloads, console));
        }
        var workload = name == null ? null : workloads.get(name);
        if (workload == null) {
            throw new UserError("bench: %s. There are %s, and all".formatted(
                    name == null ? "a workload's name is missing" : "no workload is named '" + name + "'",
                    String.join(", ", workloads.keySet())));
        }
        if (export != null) {
            requireMeasuresNothing();
            if (!options.device().isCpu()) throw new UserError("bench: --export computes on the CPU: leave out --device");
            CaseExport.write(workload, options, export);
            spec.commandLine().getOut().println(export);
            return ExitCode.OK;
        }
        return stoppable(console -> measure(workload, options, console));
    }

    private void requireMeasuresNothing() {
        var parsed = spec.commandLine().getParseResult();
        var ignored =
                Stream.of("--check", "--record", "--dtype", "--threads", "--lanes", "--steps", "--json").filter(parsed::hasMatchedOption)
                        .toList();
        if (!ignored.isEmpty())
            throw new UserError("bench: --export measures nothing and writes f32: leave out " + String.join(", ", ignored));
    }

    /// A measurement, with all that is said of it on stderr.
    @FunctionalInterface
    interface Followed {
        int run(BenchConsole console) throws Exception;
    }

    private int stoppable(Followed measurement) throws Exception { return stoppable(spec, measurement); }

    /// @return its exit code, or what a signal that ended it asks for
    static int stoppable(CommandSpec spec, Followed measurement) throws Exception {
        var err = spec.commandLine().getErr();
        try (var console = new BenchConsole(err)) {
            return measurement.run(console);
        } catch (BenchConsole.Stopped stopped) {
            err.println(stopped.getMessage());
            return stopped.status();
        }
    }

    private int measure(Workload workload, BenchOptions options, BenchConsole console) {
        var known = baseline == null ? null : Baseline.read(baseline);
        var matmul = foretell(workload, options, console);
        console.message(BenchForecast.line(workload, options, matmul));
        var heard = new AtomicInteger();
        var result = Bench.run(workload, options, repetition -> {
            console.accept(repetition);
            if (heard.get() >= BELIEVED) return;
            var corrected = BenchForecast.corrected(workload, options, matmul, heard.getAndIncrement() == 0, repetition.seconds());
            if (corrected != null) {
                heard.set(BELIEVED);
                console.message(corrected);
            }
        });
        spec.commandLine().getOut().println(json ? result.json().toString() : result.toString());
        if (record != null) {
            Baseline.record(record, result);
        }
        if (known == null) {
            return ExitCode.OK;
        }
        var verdict = known.check(result);
        spec.commandLine().getErr().println(verdict);
        return verdict.holds() ? ExitCode.OK : ExitCode.CHECK_FAILED;
    }

    /// Says what is wrong with how a measurement was asked for: at once what needs no measurement itself.
    static TrialMatmul foretell(Workload workload, BenchOptions options, BenchConsole console) {
        var crowded = BenchForecast.oversubscribed(options.threads(), BenchOptions.cores());
        if (crowded != null) console.message(crowded);
        var matmul = TrialMatmul.of(workload, options);
        var slow = BenchForecast.slowPrecision(options.dtype(), matmul);
        if (slow != null) console.message(slow);
        return matmul;
    }

    private BenchOptions options() { return options(dtype, compute.device(), threads, lanes, steps); }

    /// @param threads null for as many as there are cores
    /// @param lanes null for as many as a run would have
    /// @throws UserError if a number is too small
    static BenchOptions options(FloatDtype dtype, Device device, @Nullable Integer threads, @Nullable Integer lanes, int steps) {
        return OptionBounds.made("bench: ", () -> new BenchOptions(dtype.dtype(), device, threads == null ? BenchOptions.cores() : threads,
                lanes == null ? OptionalInt.empty() : OptionalInt.of(lanes), steps));
    }

    /// What one workload leaves in memory would count as the next one's.
    private int each(ImmutableMap<String, Workload> workloads, BenchConsole console) throws Exception {
        if (export != null) {
            throw new UserError("bench: --export writes one workload, not all");
        }
        int worst = ExitCode.OK;
        for (var workload : workloads.keySet()) {
            var given = spec.commandLine().getParseResult().originalArgs();
            var own = given.stream().map(argument -> argument.equals(ALL) ? workload : argument).toList();
            int status = console.processes().run(own, spec.commandLine().getOut(), spec.commandLine().getErr());
            console.check("at " + workload);
            worst = Math.max(worst, status);
        }
        return worst;
    }
}
