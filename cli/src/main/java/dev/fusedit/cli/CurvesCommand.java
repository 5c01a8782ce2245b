package dev.fusedit.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.bench.BenchOptions;
import dev.fusedit.trainer.bench.StepCost;
import dev.fusedit.trainer.bench.curves.Curve;
import dev.fusedit.trainer.bench.curves.CurveFiles;
import dev.fusedit.trainer.bench.curves.CurveText;
import dev.fusedit.trainer.bench.curves.Quantity;
import dev.fusedit.trainer.bench.curves.Task;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
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
    /// Java's young objects fill so much before the first step, and no more later: what grows is libtorch's.
    private static final List<String> SMALL_YOUNG_HEAP = List.of("-Xmn16m");

    @Spec
    private CommandSpec spec;

    @Option(names = "--of", paramLabel = "QUANTITY", split = ",",
            description = "batch, tokens (of the image), text (tokens) or parameters; several with commas (default: all four).")
    private List<Quantity> quantities = List.of(Quantity.values());

    @Option(names = "--points", paramLabel = "N", split = ",", description = "Other values of the one quantity than the usual ones.")
    private @Nullable List<Long> values;

    @Option(names = "--dtype", defaultValue = "f32", description = "f32 or bf16 (default: ${DEFAULT-VALUE}).")
    private BenchCommand.Precision dtype;

    @Option(names = "--threads", defaultValue = "2", description = "Of libtorch's kernels (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(names = "--steps", defaultValue = "5",
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
    public Integer call() {
        var options = options();
        if (here) {
            var cost = StepCost.of(quantities.getFirst().workload(points(quantities.getFirst()).getFirst()), options, seconds);
            spec.commandLine().getOut().println(cost.json());
            return ExitCode.OK;
        }
        quantities.forEach(quantity -> points(quantity).forEach(quantity::workload)); // mistakes first
        var folder = out != null ? out : Path.of("runs", "curves-" + options.dtype());
        CurveFiles.prepare(folder);
        var curves = new ArrayList<Curve>();
        for (var quantity : quantities) {
            curves.add(Curve.of(quantity, points(quantity), options, Curve.Limits.here(seconds), this::measured,
                    line -> spec.commandLine().getErr().println(line)));
            if (!json) {
                spec.commandLine().getOut().println(CurveText.of(curves.getLast()));
            }
        }
        var result = CurveFiles.json(curves, options);
        CurveFiles.write(folder, result, curves);
        spec.commandLine().getOut().println(json ? result.toString() : "Plots: " + folder);
        return ExitCode.OK;
    }

    private List<Long> points(Quantity quantity) { return values != null ? values : quantity.usual(); }

    private BenchOptions options() {
        if (!(seconds > 0)) {
            throw new UserError("bench curves: seconds per point must be more than 0, got " + seconds);
        }
        if (values != null && quantities.size() > 1) {
            throw new UserError("bench curves: --points are of one quantity. Say by --of of which");
        }
        return BenchCommand.options(dtype, threads, steps);
    }

    private @Nullable StepCost measured(Task task) {
        var printed = new StringWriter();
        try {
            int status = OwnProcess.run(command(task), new PrintWriter(printed), SMALL_YOUNG_HEAP);
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
                Long.toString(task.value()), "--dtype", dtype.name(), "--threads", Integer.toString(threads), "--steps",
                Integer.toString(steps), "--seconds-per-point", Double.toString(seconds)));
        var libtorch = System.getProperty("fusedit.libtorch"); // as --libtorch set it
        if (libtorch != null) {
            command.addAll(List.of("--libtorch", libtorch));
        }
        return command;
    }
}
