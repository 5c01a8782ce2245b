package dev.fusedit.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.bench.BenchOptions;
import dev.fusedit.trainer.bench.StepCost;
import dev.fusedit.trainer.bench.curves.Curve;
import dev.fusedit.trainer.bench.curves.CurveFiles;
import dev.fusedit.trainer.bench.curves.CurveText;
import dev.fusedit.trainer.bench.curves.Quantity;
import dev.fusedit.trainer.bench.curves.Task;
import dev.fusedit.trainer.log.ProgressLine;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "curves",
        description = {"Tells how a training step's time and memory grow with its work: points, plots, exponents.",
            "Each point is measured in a process of its own; those that time or memory do not allow are planned."})
final class CurvesCommand implements Callable<Integer> {
    private static final JsonMapper JSON = new JsonMapper();
    private static final double DAY = 86_400;
    /// Java's young objects fill so much before the first step, and no more later: what grows is libtorch's.
    private static final List<String> SMALL_YOUNG_HEAP = List.of("-Xmn16m");

    @Spec
    private CommandSpec spec;

    @Option(names = "--of", paramLabel = "QUANTITY", split = ",",
            description = "batch, tokens (of the image), text (tokens) or parameters; several with commas (default: all four).")
    private List<Quantity> quantities = List.of(Quantity.values());

    @Option(names = "--points", paramLabel = "N", split = ",", description = "Other values of the one quantity than the usual ones.")
    private @Nullable List<Long> values;

    @Option(names = "--dtype", paramLabel = "DTYPE", defaultValue = "f32", description = "f32 or bf16 (default: ${DEFAULT-VALUE}).")
    private FloatDtype dtype;

    @Option(names = "--threads", paramLabel = "N",
            description = "Of libtorch's kernels (default: as many as there are cores for this process).")
    private @Nullable Integer threads;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "5",
            description = "Repetitions that count, if the time allows so many (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--seconds-per-point", paramLabel = "S", defaultValue = "30",
            description = "A point whose step takes longer is planned; one whose steps together do has fewer (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--out", paramLabel = "DIR", description = "Where curves.json and the plots go (default: runs/curves-DTYPE).")
    private @Nullable Path out;

    @Option(names = "--json", description = "Print what curves.json holds.")
    private boolean json;

    /// How a process of its own is asked for a point.
    @Option(names = "--here", hidden = true)
    private boolean here;

    @Override
    public Integer call() throws Exception {
        var options = options();
        return BenchCommand.stoppable(spec, console -> here ? point(options, console) : curves(options, console));
    }

    private int point(BenchOptions options, BenchConsole console) {
        var workload = quantities.getFirst().workload(points(quantities.getFirst()).getFirst());
        spec.commandLine().getOut().println(StepCost.of(workload, options, seconds, console).json());
        return ExitCode.OK;
    }

    private int curves(BenchOptions options, BenchConsole console) {
        quantities.forEach(quantity -> points(quantity).forEach(quantity::workload)); // mistakes first
        var folder = out != null ? out : Path.of("runs", "curves-" + options.dtype());
        CurveFiles.prepare(folder);
        foretell(options, console);
        var curves = new ArrayList<Curve>();
        for (var quantity : quantities) {
            curves.add(Curve.of(quantity, points(quantity), options, Curve.Limits.here(seconds), task -> measured(task, console),
                    console::message));
            if (!json) {
                spec.commandLine().getOut().println(CurveText.of(curves.getLast()));
            }
        }
        var result = CurveFiles.json(curves, options);
        CurveFiles.write(folder, result, curves);
        spec.commandLine().getOut().println(json ? result.toString() : "Plots: " + folder);
        return ExitCode.OK;
    }

    private void foretell(BenchOptions options, BenchConsole console) {
        var matmul =
                BenchCommand.foretell(quantities.getFirst().workload(Collections.max(points(quantities.getFirst()))), options, console);
        double whole =
                quantities.stream().mapToDouble(quantity -> Curve.forecast(quantity, points(quantity), options, seconds, matmul)).sum();
        console.message("%d points, about %s by one matmul (%d threads)".formatted(
                quantities.stream().mapToInt(quantity -> points(quantity).size()).sum(), ProgressLine.clock(whole), options.threads()));
    }

    private List<Long> points(Quantity quantity) { return values != null ? values : quantity.usual(); }

    private BenchOptions options() {
        if (!(seconds > 0 && seconds <= DAY)) {
            throw new UserError("bench curves: seconds per point must be more than 0 and at most a day, got " + seconds);
        }
        if (values != null && quantities.size() > 1) {
            throw new UserError("bench curves: --points are of one quantity. Say by --of of which");
        }
        return BenchCommand.options(dtype, Device.CPU, threads, null, steps);
    }

    private @Nullable StepCost measured(Task task, BenchConsole console) {
        var printed = new StringWriter();
        try {
            int status = console.processes().run(command(task), new PrintWriter(printed), spec.commandLine().getErr(), SMALL_YOUNG_HEAP);
            console.check("at %s %,d".formatted(task.quantity(), task.value()));
            return status == ExitCode.OK ? StepCost.of(JSON.readTree(printed.toString())) : null;
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while a point was measured", e);
        } catch (JsonProcessingException e) {
            return null;
        } catch (IOException e) {
            throw new UserError("bench curves: a process of its own cannot be started (%s)".formatted(e.getMessage()), e);
        }
    }

    private List<String> command(Task task) {
        var command = new ArrayList<>(List.of("bench", "curves", "--here", "--of", task.quantity().toString(), "--points",
                Long.toString(task.value()), "--dtype", dtype.toString(), "--threads", Integer.toString(options().threads()), "--steps",
                Integer.toString(steps), "--seconds-per-point", Double.toString(seconds)));
        command.addAll(OwnProcess.libtorch());
        return command;
    }
}
