package dev.fusedit.trainer.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.eval.ScoreRows;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.page.HtmlPage;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// `report.html`: a run as a page, of what its folder holds.
final class RunPage {
    private static final int ERRORS = 200;
    private static final String UNKNOWN = "–";

    /// Whether a process still works on the run.
    enum State { GOES_ON, ENDED }

    private final RunFolder folder;
    private final RunAbout about;
    private final RunRows rows;
    private final RunImages images;
    private final JsonNode result;
    private final HtmlPage page;

    private RunPage(RunFolder folder, RunRows rows, RunImages images) throws IOException {
        this.folder = folder;
        this.rows = rows;
        this.images = images;
        about = RunAbout.read(folder.about());
        result = folder.isFinished() ? JsonFile.object(folder.result(), "Train the run again, or delete the file")
                : MissingNode.getInstance();
        page = new HtmlPage(folder.folder().toAbsolutePath().normalize().getFileName().toString());
    }

    /// @param peakMib the most that the process took of its device's memory so far
    static String of(RunFolder folder, RunRows rows, RunImages images, State state, long peakMib) throws IOException {
        rows.update();
        return new RunPage(folder, rows, images).html(state, peakMib);
    }

    private String html(State state, long peakMib) throws IOException {
        head(state);
        page.heading("Plan and use").table(use(peakMib));
        scores();
        page.heading("Curves").charts(rows.plots());
        previews();
        dataErrors();
        recipe();
        machine();
        return page.html();
    }

    // ---- parts

    private void head(State state) {
        long step = step(), steps = about.last().steps();
        var now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        page.paragraph("%s, step %,d of %,d. As of %s. In %s".formatted(
                folder.isFinished() ? "Finished" : state == State.GOES_ON ? "The run goes on" : "Stopped: the same command goes on", step,
                steps,
                now, folder.folder().toAbsolutePath().normalize()));
        page.progress(step, steps);
        if (!folder.isFinished() && state == State.GOES_ON) page.goesOn();
        if (rows.lost() > 0)
            page.paragraph("%,d steps with a row taught nothing: their gradients were not finite, or too large".formatted(rows.lost()));
    }

    private long step() {
        return folder.isFinished() ? about.last().steps() : Math.max(about.last().step(), rows.last().path("step").asLong());
    }

    private List<List<String>> use(long peakMib) throws IOException {
        var plan = about.plan();
        var start = about.last();
        var table = new ArrayList<>(List.of(List.of("", "planned", "used so far")));
        table.add(List.of("steps", number(start.steps()), number(step())));
        table.add(List.of("images", number(start.images()), images(plan)));
        table.add(List.of("training FLOPs", plan == null ? UNKNOWN : flops(plan.flops()),
                plan == null || plan.flopsBy(step()).isEmpty() ? UNKNOWN : flops(plan.flopsBy(step()).orElseThrow())));
        table.add(List.of("time", start.seconds() == null ? UNKNOWN : ProgressLine.clock(start.seconds()), time()));
        table.add(List.of("memory, MiB", plan == null ? UNKNOWN : mib(plan.memory()),
                result.has("peak_mib") ? number(Math.round(result.path("peak_mib").asDouble())) : peakMib == 0 ? UNKNOWN
                        : number(peakMib)));
        long checkpoint = newestCheckpoint();
        table.add(
                List.of("a checkpoint, MiB", plan == null ? UNKNOWN : mib(plan.checkpoint()), checkpoint == 0 ? UNKNOWN : mib(checkpoint)));
        var speed = result.has("images_per_second") ? result.path("images_per_second") : rows.last().path("images_per_second");
        table.add(List.of("images/s", start.seconds() == null || start.seconds() <= 0 ? UNKNOWN : speed(start.images() / start.seconds()),
                speed.isNumber() ? speed(speed.asDouble()) : UNKNOWN));
        return table;
    }

    /// A run at its end has shown what was planned last, whatever was before it went on.
    private String images(@Nullable PlannedUse plan) {
        if (folder.isFinished()) return number(about.last().images());
        return plan == null || plan.imagesBy(step()).isEmpty() ? UNKNOWN : number(plan.imagesBy(step()).orElseThrow());
    }

    private static String flops(double value) { return String.format(Locale.ROOT, "%.3g", value); }

    private static String speed(double value) { return String.format(Locale.ROOT, "%,.1f", value); }

    private String time() {
        var seconds = result.has("seconds") ? result.path("seconds") : rows.last().path("seconds");
        return seconds.isNumber() ? ProgressLine.clock(seconds.asDouble()) : UNKNOWN;
    }

    private long newestCheckpoint() throws IOException {
        var latest = folder.checkpoints().resolve("latest");
        if (!Files.isDirectory(latest)) return 0;
        long bytes = 0;
        try (var files = Files.list(latest)) {
            for (var file : files.toList()) bytes += Files.size(file);
        }
        return bytes;
    }

    private void scores() {
        var scored = ScoreRows.of(List.of(result.path("blocks")));
        if (scored.isEmpty()) return;
        var table = new ArrayList<>(List.of(List.of("share that is right", "with 95 % interval")));
        table.addAll(scored);
        page.heading("Scores").table(table);
    }

    private void previews() throws IOException {
        var strip = images.previews();
        if (strip.isPresent()) page.heading("Previews").filmstrip(strip.get());
        var samples = images.samples();
        if (samples.isEmpty()) return;
        long right = samples.stream().filter(image -> image.right().orElse(false)).count();
        long judged = samples.stream().filter(image -> image.right().isPresent()).count();
        page.heading("Samples at the end" + (judged == 0 ? "" : ": %d of %d came true".formatted(right, judged)));
        samples.forEach(page::image);
    }

    private void dataErrors() throws IOException {
        var causes = new TreeMap<String, Long>();
        var table = new ArrayList<>(List.of(List.of("sample", "cause", "detail")));
        long count = 0;
        for (var file : folder.allDataErrors()) {
            try (var lines = Files.newBufferedReader(file)) {
                int number = 0;
                for (String line; (line = lines.readLine()) != null;) {
                    var problem = JsonFile.line(line, file, ++number, "Delete the file");
                    causes.merge(problem.path("cause").asText(), 1L, Long::sum);
                    if (count++ < ERRORS) table.add(List.of(problem.path("sample").asText(), problem.path("cause").asText(),
                            problem.path("detail").asText()));
                }
            }
        }
        page.heading("Data errors");
        if (count == 0) {
            page.paragraph("None.");
            return;
        }
        page.paragraph("Samples that cannot be trained on: %,d (%s)".formatted(count, String.join(", ",
                causes.entrySet().stream().map(entry -> "%,d %s".formatted(entry.getValue(), entry.getKey())).toList())));
        page.folded(count > ERRORS ? "the first %d".formatted(ERRORS) : "each", inside -> inside.wordTable(table));
    }

    private void recipe() throws IOException {
        page.heading("Recipe");
        var base = about.base();
        if (base != null) {
            if (base.differences().isEmpty()) page.paragraph("As %s has it.".formatted(base.recipe()));
            else {
                var table = new ArrayList<>(List.of(List.of("differs from " + base.recipe(), "there", "here")));
                base.differences().forEach(one -> table.add(List.of(one.key(), one.before() == null ? UNKNOWN : one.before(),
                        one.now() == null ? UNKNOWN : one.now())));
                page.wordTable(table);
            }
        }
        var yaml = Files.readString(folder.recipe());
        page.folded("the whole, with all defaults", inside -> inside.text(yaml));
    }

    private void machine() {
        page.heading("Machine and commands");
        var table = new ArrayList<>(List.of(List.of("start", "after step", "machine", "command")));
        for (var start : about.starts()) {
            table.add(List.of(start.at(), number(start.step()), "%s, %,d MiB; %s, Java %s, fusedit %s%s".formatted(start.machine(),
                    start.memory() >> 20, start.system(), start.java(), start.version(),
                    start.processes() == 1 ? "" : ", %d processes".formatted(start.processes())),
                    start.command().isEmpty() ? UNKNOWN : start.command()));
        }
        page.wordTable(table);
        page.paragraph("The same run again; on the same CPU, with as many threads and the same libtorch, with the same bits:");
        page.text(about.last().again());
    }

    private static String number(long value) { return String.format(Locale.ROOT, "%,d", value); }

    private static String mib(long bytes) { return number(Math.round(bytes / (double) (1 << 20))); }
}
