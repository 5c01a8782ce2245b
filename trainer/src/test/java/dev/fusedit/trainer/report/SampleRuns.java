package dev.fusedit.trainer.report;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.log.ImageGrid;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.RecipeDifference;
import dev.fusedit.trainer.sampling.ShownImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// A run's folder as training leaves it, with captions that would break a page that does not escape them.
public final class SampleRuns {
    private static final int STEPS = 2000;
    private static final String HOSTILE = "a <b>red</b> thing</script><script>document.title='broken'</script>";
    private static final List<String> PROMPTS =
            List.of("a red circle", "two blue squares", HOSTILE, "three green triangles", "a yellow ring",
                    "a red circle left of a blue square");

    private SampleRuns() {}

    /// Its page.
    public static String page(Path place) throws IOException {
        var folder = write(place);
        return RunPage.of(folder, new RunRows(folder.metrics()), new RunImages(folder), RunPage.State.GOES_ON, 612);
    }

    /// @param place must not be there
    public static RunFolder write(Path place) throws IOException {
        var recipe = Recipe.find("tests/minimal", List.of("run.precision=f32", "run.lanes=1"));
        var folder = RunFolder.create(place, recipe.canonical());
        var base = new RunAbout.Base("quickstart", List.of(new RecipeDifference("stages.joint.lr.dit", "0.001", "0.0005"),
                new RecipeDifference("run.precision", "auto", "bf16"), new RecipeDifference("logging.prompts", null, HOSTILE)));
        var start = RunPageTest.start(0, STEPS);
        Files.write(folder.about(),
                new RunAbout(base, new PlannedUse(640L << 20, 21L << 20, 1.5e15, null), List.of(start, RunPageTest.start(900, STEPS)))
                        .bytes());
        rows(folder);
        Files.createDirectories(folder.previews());
        for (int step = STEPS / 20; step <= STEPS; step += STEPS / 20)
            grid(folder.previews().resolve(String.format(Locale.ROOT, "step-%06d.png", step)), step, PROMPTS.size());
        grid(folder.samples(), STEPS, 24);
        var error =
                JsonNodeFactory.instance.objectNode().put("sample", "photos/0001.jpg").put("cause", "broken-image").put("detail", HOSTILE);
        Files.writeString(folder.dataErrors(), error + "\n");
        return folder;
    }

    private static void rows(RunFolder folder) throws IOException {
        var rows = new StringBuilder();
        for (int step = 10; step <= STEPS; step += 10) {
            double falls = 1 / Math.sqrt(step), noise = 1 + 0.3 * Math.sin(step * 12.9898);
            var row = JsonNodeFactory.instance.objectNode().put("step", step).put("stage", step <= 400 ? "text" : "fuse").put("loss",
                    3 * falls * noise);
            if (step <= 400) row.put("language", 8 * falls * noise);
            else row.put("flow", 2 * falls * noise).put("repa", falls * noise);
            row.put("gradient_norm", 0.4 * noise).put("rate", 1e-3 * (STEPS - step) / STEPS).put("images_per_second", 60 + 10 * noise)
                    .put("seconds", step * 0.2);
            rows.append(row).append('\n');
            if (step % 200 == 0)
                rows.append(JsonNodeFactory.instance.objectNode().put("event", "validation").put("step", step).put("flow", 2.1 * falls)
                        .put("caption_perplexity", 30 * falls)).append('\n');
            if (step % 400 == 0) rows.append(
                    "{\"event\":\"scores\",\"step\":%d,\"seen\":%s,\"heldout\":%s}\n".formatted(step, step / 2500.0, step / 4000.0));
        }
        Files.writeString(folder.metrics(), rows);
    }

    /// Circles that become sharp.
    private static void grid(Path file, int step, int count) throws IOException {
        var grid = new ImageGrid(6, 4);
        for (int i = 0; i < count; i++) grid.add(image(i, step), "");
        var boxes = grid.boxes();
        var shown = IntStream.range(0, count).mapToObj(i -> new ShownImages.Shown(PROMPTS.get(i % PROMPTS.size()),
                i % PROMPTS.size() == 2 ? null : Boolean.valueOf((i + step / 500) % 3 != 0), boxes.get(i).x(), boxes.get(i).y(),
                boxes.get(i).width(), boxes.get(i).height())).toList();
        new JsonMapper().writeValue(ShownImages.beside(file).toFile(), new ShownImages(grid.factor(), shown));
        Files.write(file, grid.image().png());
    }

    private static PngImage image(int number, int step) {
        var rgb = new byte[3 * 32 * 32];
        double sharp = Math.min(1, step / 1500.0);
        for (int i = 0; i < 32 * 32; i++) {
            double inside = Math.hypot(i % 32 - 12 - number % 3 * 4, i / 32 - 16) < 6 + number % 4 ? 1 : 0;
            double noise = (Math.sin(i * 78.233 + number * 37 + step) * 43758.5453 % 1 + 1) % 1;
            for (int channel = 0; channel < 3; channel++)
                rgb[3 * i + channel] = (byte) (255 * ((1 - sharp) * noise + sharp * (channel == number % 3 ? 0.85 : 0.9 - 0.75 * inside)));
        }
        return new PngImage(32, 32, rgb);
    }
}
