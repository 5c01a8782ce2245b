package dev.fusedit.trainer.plan;

import dev.fusedit.torch.DType;
import dev.fusedit.trainer.log.TextTable;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A [Plan] for people: stage by stage.
public final class PlanText {
    private PlanText() {}

    public static String of(Plan plan) {
        var text = new StringBuilder(parameters(plan)).append('\n');
        text.append(memory(plan)).append('\n');
        if (plan.speed() != null) text.append(busyness(plan.speed().busyness()));
        text.append(work(plan)).append('\n');
        plan.stages().stream().map(stage -> sizes(plan, stage)).filter(line -> !line.isEmpty()).distinct().forEach(text::append);
        var kept = plan.recipe().kept();
        if (!kept.isEmpty()) text.append("Read from a cache, not computed: %s.\n".formatted(String.join(", ", kept)));
        text.append("Images: %,d%s. A checkpoint: %,d MiB on the disk.\n".formatted(
                plan.stages().stream().mapToLong(Plan.StageEstimate::images).sum(), plan.processes().isAlone() ? " in all" : " of rank 0's",
                mib(plan.checkpoint())));
        if (!plan.processes().isAlone()) text.append(processes(plan));
        text.append("Computed here: ").append(String.join("; ", plan.paths())).append(".\n");
        if (plan.speed() != null) text.append(speed(plan, plan.speed()));
        text.append(verdict(plan));
        return text.toString().stripTrailing();
    }

    private static String parameters(Plan plan) {
        var count = plan.parameters();
        var taken = plan.layers() == null ? "" : " (%s)".formatted(plan.layers());
        var beside = plan.beside() == 0 ? "" : "; %s stand frozen beside them (autoencoder, CLIP)".formatted(millions(plan.beside()));
        return "%s: %s parameters, of which the DiT has %s and the language model %s%s; %s are trained%s\n".formatted(
                plan.recipe().run().name(),
                millions(count.total()), millions(count.dit()), millions(count.llm()), taken, millions(count.trainable()), beside);
    }

    // ---- memory

    private static String memory(Plan plan) {
        var table = new TextTable(heads("Memory in MiB", plan.stages()));
        row(table, plan, "weights", StageMemory::weights);
        row(table, plan, "gradients", StageMemory::gradients);
        row(table, plan, "optimizer", StageMemory::optimizer);
        row(table, plan, "average", StageMemory::average);
        row(table, plan, "activations", StageMemory::activations);
        row(table, plan, "caches", StageMemory::caches);
        row(table, plan, "checkpoint being written", StageMemory::checkpoint);
        row(table, plan, "sampling", StageMemory::sampling);
        row(table, plan, "left over from before", StageMemory::leftover);
        row(table, plan, "the process itself", StageMemory::process);
        row(table, plan, "at most at once", StageMemory::total);
        var checkpointing = plan.stages().getFirst().plan().stage().checkpointing();
        row(table, plan, "activations " + (checkpointing ? "without" : "with") + " checkpointing", StageMemory::otherwise);
        return table.text();
    }

    private static void row(TextTable table, Plan plan, String name, ToLongFunction<StageMemory> bytes) {
        cells(table, plan, name, stage -> "%,d".formatted(mib(bytes.applyAsLong(stage.memory()))));
    }

    private static void cells(TextTable table, Plan plan, String name, Function<Plan.StageEstimate, String> cell) {
        table.row(Stream.concat(Stream.of(name), plan.stages().stream().map(cell)).toArray(String[]::new));
    }

    private static String[] heads(String first, List<Plan.StageEstimate> stages) {
        return Stream.concat(Stream.of(first), stages.stream().map(stage -> stage.plan().stage().name())).toArray(String[]::new);
    }

    // ---- work

    private static String work(Plan plan) {
        var table = new TextTable(heads("GFLOP a step", plan.stages()));
        cells(table, plan, "DiT", stage -> giga(stage.work().flops(Matmul.Of.DIT)));
        cells(table, plan, "language model", stage -> giga(stage.work().flops(Matmul.Of.LLM)));
        if (plan.beside() > 0) cells(table, plan, "autoencoder, CLIP", stage -> giga(stage.work().flops(Matmul.Of.BESIDE)));
        cells(table, plan, "steps", stage -> "%,d".formatted(stage.plan().steps()));
        cells(table, plan, "images", stage -> "%,d".formatted(stage.images()));
        cells(table, plan, "trained parameters", stage -> millions(stage.trainable()));
        var speed = plan.speed();
        if (speed != null)
            cells(table, plan, "seconds a step here", stage -> String.format(Locale.ROOT, "%.3g", speed.secondsPerStep(stage)));
        return table.text();
    }

    /// Of a stage whose images have several; else empty.
    private static String sizes(Plan plan, Plan.StageEstimate estimate) {
        var stage = estimate.plan().stage();
        var sizes = plan.recipe().sizes(stage);
        return sizes.size() == 1 ? ""
                : "Images have %d sizes, %s to %s: memory and work are those of the largest, %s.\n".formatted(sizes.size(),
                        sizes.getFirst().word(), sizes.getLast().word(), plan.recipe().largest(stage).word());
    }

    private static String busyness(Busyness busyness) {
        var sentence = busyness.sentence();
        return sentence == null ? "" : sentence + "\n";
    }

    private static String speed(Plan plan, Calibration speed) {
        var text = new StringBuilder(
                "Time here, from %d products of these shapes tried on this CPU under its present load%s: about %s\n".formatted(
                        speed.rates().size(), speed.busyness().load().inBrackets(), time(speed.seconds(plan.stages()))));
        text.append("The largest product runs at ").append(speed.largest().entrySet().stream()
                .map(rate -> String.format(Locale.ROOT, "%.3g GFLOP/s in %s", rate.getValue() / 1e9, rate.getKey()))
                .collect(Collectors.joining(", ")));
        boolean slow = rate(speed, Calibration.dtype(plan.recipe().run().precision())) < rate(speed, DType.F32);
        if (slow) text.append("; run.precision=f32 would be quicker on this CPU");
        return text.append(".\n").toString();
    }

    private static double rate(Calibration speed, DType dtype) { return Objects.requireNonNull(speed.largest().get(dtype)); }

    static String time(double seconds) {
        if (seconds < 120) return "%.0f s".formatted(seconds);
        if (seconds < 7200) return "%.0f minutes".formatted(seconds / 60);
        if (seconds < 172_800) return "%.0f hours".formatted(seconds / 3600);
        return "%,.0f days".formatted(seconds / 86_400);
    }

    // ---- the end

    private static String processes(Plan plan) {
        return "Memory and work are those of rank 0 of %d processes, sharding %s; each of the others needs %,d MiB at most.\n".formatted(
                plan.processes().count(), plan.processes().sharding().name().toLowerCase(Locale.ROOT), mib(plan.others()));
    }

    private static String verdict(Plan plan) {
        var demanding = plan.demanding();
        var here = plan.processes().here() == 1 ? "" : " in %d processes".formatted(plan.processes().here());
        var sentence = "%s: stage '%s' needs %,d MiB%s, there are %,d MiB of %s.\n".formatted(plan.fits() ? "Fits" : "Does not fit",
                demanding.plan().stage().name(), mib(plan.needed()), here, mib(plan.available()), plan.where());
        var text = new StringBuilder(sentence);
        plan.remedies().forEach(remedy -> text.append("  ").append(remedy).append('\n'));
        return text.toString();
    }

    static String giga(double flops) { return String.format(Locale.ROOT, flops < 1e10 ? "%.2f" : "%,.0f", flops / 1e9); }

    static String millions(long count) {
        return String.format(Locale.ROOT, count < 1_000_000 ? "%3$,d" : count < 1_000_000_000 ? "%1$.1f M" : "%2$.3f G", count / 1e6,
                count / 1e9, count);
    }

    static long mib(long bytes) { return Math.round(bytes / (double) (1 << 20)); }
}
