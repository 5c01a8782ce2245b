package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class DataCommandTest {
    /// Of a model that is saved in no time, where a test is about the data: `fromAFolderToATrainedModelInThreeCommands` trains the one that
    /// `recipe new` writes.
    static final String[] SMALL = {"--set", "run.precision=f32", "--set", "model.llm.width=32", "--set", "model.llm.layers=2",
        "--set", "model.llm.heads=2", "--set", "model.llm.head_width=16", "--set", "model.llm.mlp_width=64", "--set", "model.dit.width=32",
        "--set", "model.dit.layers=2", "--set", "model.dit.mlp_width=64"};

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path temp;

    private int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    private Path set() { return temp.resolve("my 'set'"); }

    @BeforeEach
    void twentyImages() throws IOException {
        Files.createDirectories(set());
        for (int i = 0; i < 20; i++) image("%02d.png".formatted(i), i);
        for (int i = 0; i < 20; i++) Files.writeString(set().resolve("%02d.txt".formatted(i)), "picture " + i);
    }

    private void image(String name, int look) throws IOException {
        var rgb = new byte[3 * 70 * 70];
        new Random(look).nextBytes(rgb);
        Files.write(set().resolve(name), new PngImage(70, 70, rgb).png());
    }

    private void fiveBadOnes() throws IOException {
        for (var name : new String[] {"none.png", "blank.png", "latin.png"}) image(name, name.hashCode());
        Files.writeString(set().resolve("blank.txt"), " ");
        Files.write(set().resolve("latin.txt"), "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        Files.write(set().resolve("empty.jpg"), new byte[0]);
        Files.writeString(set().resolve("page.png"), "<!doctype html>");
    }

    @Test
    void auditCountsCausesAndExitsOneIfThereAreAny() throws IOException {
        assertThat(run("data", "audit", set().toString(), "--json")).isZero();
        var whole = new ObjectMapper().readTree(out.toString());
        assertThat(whole.get("samples").asInt()).isEqualTo(20);
        assertThat(whole.get("problems")).isEmpty();
        fiveBadOnes();
        image("twin.png", 3);
        Files.writeString(set().resolve("twin.txt"), "picture 3");
        assertThat(run("data", "audit", set().toString(), "--json", "--html", temp.resolve("a.html").toString())).isEqualTo(1);
        var json = new ObjectMapper().readTree(out.toString());
        assertThat(json.get("samples").asInt()).isEqualTo(26);
        assertThat(json.get("ok").asInt()).isEqualTo(21);
        assertThat(json.get("problems")).isEqualTo(new ObjectMapper().readTree("""
                {"broken-image": 2, "missing-caption": 1, "empty-caption": 1, "bad-text": 1}"""));
        assertThat(json.get("duplicates").asInt()).isEqualTo(1);
        assertThat(json.get("captions_repeated").asInt()).isEqualTo(1);
        assertThat(Files.readString(temp.resolve("a.html"))).contains("page.png", "broken-image", "data:image/png;base64,",
                "my &#39;set&#39;");
        out.getBuffer().setLength(0);
        assertThat(run("data", "audit", set().toString(), "--html", temp.resolve("a.html").toString())).as("before anything is looked at")
                .isEqualTo(2);
        assertThat(err.toString()).contains("a.html is there already. Give another --html, or --force");
        assertThat(out.toString()).isEmpty();
        assertThat(run("data", "audit", set().toString(), "--html", temp.resolve("a.html").toString(), "--force")).isEqualTo(1);
        assertThat(run("data", "audit", set().toString(), "--recipe", "tests/minimal")).isEqualTo(1);
        assertThat(out.toString()).contains("21 can be trained on", "latin.png: bad-text");
    }

    @Test
    void showWritesAGridOnce() {
        var grid = temp.resolve("grid.png").toString();
        assertThat(run("data", "show", set().toString(), "--out", grid)).isZero();
        assertThat(out.toString()).contains("20 images", "00.png: picture 0");
        assertThat(Path.of(grid)).isNotEmptyFile();
        assertThat(run("data", "show", set().toString(), "--out", grid)).isEqualTo(2);
        assertThat(err.toString()).contains("--force");
    }

    @Test
    void fromAFolderToATrainedModelInThreeCommands() throws IOException {
        var recipe = temp.resolve("my.yaml").toString();
        fiveBadOnes();
        assertThat(run("recipe", "new", "--from", set().toString(), "--out", recipe)).isZero();
        assertThat(err.toString()).contains("5 of 25 samples cannot be used");
        assertThat(Files.readString(Path.of(recipe))).contains("path: '" + set().toString().replace("'", "''") + "'", "samples: 20",
                "max_tokens: 16");
        assertThat(run("recipe", "check", recipe)).isZero();
        assertThat(run("train", recipe, "--max-steps", "2", "--out", temp.resolve("refused").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("5 of 25 samples cannot be used: 2 broken-image", "stop_above");
        assertThat(temp.resolve("refused/data-errors.jsonl")).as("and the mended data may go there").isNotEmptyFile();
        assertThat(run("train", recipe, "--max-steps", "1", "--out", temp.resolve("refused").toString(), "--set",
                "data.errors.stop_above=1", "--set",
                "run.precision=f32")).as(err.toString()).isZero();
        var run = temp.resolve("run").toString();
        var settings = with(SMALL, "--set", "data.errors.stop_above=0.5");
        assertThat(run(with(settings, "train", recipe, "--max-steps", "2", "--out", run))).as(err.toString()).isZero();
        image("new.png", 99);
        Files.writeString(set().resolve("new.txt"), "new");
        assertThat(run(with(settings, "train", recipe, "--max-steps", "3", "--out", run))).isEqualTo(2);
        assertThat(err.toString()).contains("the images have changed", "20 were trained on and 0 held out, now 21 and 0");
        assertThat(Files.readAllLines(Path.of(run, "data-errors.jsonl"))).hasSize(5)
                .anyMatch(line -> line.contains("\"sample\":\"latin.png\",\"cause\":\"bad-text\""));
    }

    @Test
    void aWholeSmallRunOnOwnImagesIsSampledAndExported() throws IOException {
        var recipe = temp.resolve("my.yaml").toString();
        assertThat(run("recipe", "new", "--from", set().toString(), "--out", recipe, "--size", "32")).isZero();
        Files.writeString(temp.resolve("prompts.txt"), "picture 3\na new thing\n");
        var run = temp.resolve("run").toString();
        assertThat(run(with(SMALL, "train", recipe, "--out", run, "--set", "stages.text.steps=2", "--set", "stages.text.warm_up=0",
                "--set", "stages.fuse.steps=3", "--set", "stages.fuse.warm_up=0", "--set", "stages.fuse.batch=8", "--set",
                "stages.text.batch=4",
                "--set", "sampling.steps=2", "--set", "evaluation.validation={every: 2, samples: 5, bins: 5}", "--set",
                "logging.prompts='" + temp.resolve("prompts.txt") + "'", "--set", "logging.preview_every=4"))).as(err.toString()).isZero();
        assertThat(out.toString()).contains("Sample more: ", "--prompt 'picture 3'").doesNotContain("NaN", "mean");
        assertThat(Path.of(run, "samples.png")).isNotEmptyFile();
        assertThat(Path.of(run, "checkpoints/latest/data.json")).content().contains("\"held\" : 5");
        assertThat(Files.readString(Path.of(run, "metrics.jsonl"))).contains("flow_bins", "caption_perplexity");
        assertThat(Files.readAllLines(Path.of(run, "previews", "prompts.txt"))).startsWith("picture 3", "a new thing", "picture 3");
        assertThat(run("sample", "--model", run, "--prompt", "picture 3", "--out", temp.resolve("s").toString())).as(err.toString())
                .isZero();
        assertThat(run("export", "--model", run, "--out", temp.resolve("e").toString())).as(err.toString()).isZero();
        assertThat(run("sample", "--model", temp.resolve("e").toString(), "--prompt", "picture 3", "--out", temp.resolve("s2").toString()))
                .isZero();
        assertThat(temp.resolve("s2")).isDirectory();
    }

    @Test
    void placesThatHoldNoImagesAreToldApart() throws IOException {
        assertThat(run("data", "audit", temp.resolve("nowhere").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("no such file or folder");
        var empty = Files.createDirectories(temp.resolve("empty"));
        Files.writeString(empty.resolve("a.md"), "x");
        assertThat(run("data", "audit", empty.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("holds no image");
        assertThat(run("data", "audit", temp.resolve("x-{0..1}.tar").toString())).isEqualTo(2);
        assertThat(err.toString()).contains("x-0.tar: no such file");
        assertThat(run("recipe", "new", "--from", set().toString(), "--out", temp.resolve("r.yaml").toString(), "--llm", "nowhere"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("nowhere: no such file or folder");
    }

    /// As img2dataset lays them out, with images that are no JPEG.
    @Test
    void aFolderOfTarFilesIsTrainedOnToo() throws IOException {
        var shards = Files.createDirectories(temp.resolve("shards"));
        for (int shard = 0; shard < 2; shard++) {
            try (var tar = new TarArchiveOutputStream(Files.newOutputStream(shards.resolve("0000" + shard + ".tar")))) {
                for (int i = 10 * shard; i < 10 * shard + 10; i++) {
                    for (var end : new String[] {".png", ".txt"}) {
                        var bytes = Files.readAllBytes(set().resolve("%02d".formatted(i) + end));
                        var entry = new TarArchiveEntry("%09d".formatted(i) + end);
                        entry.setSize(bytes.length);
                        tar.putArchiveEntry(entry);
                        tar.write(bytes);
                        tar.closeArchiveEntry();
                    }
                }
            }
        }
        assertThat(run("data", "audit", shards.toString(), "--json")).as(err.toString()).isZero();
        assertThat(new ObjectMapper().readTree(out.toString()).get("ok").asInt()).isEqualTo(20);
        var recipe = temp.resolve("tar.yaml").toString();
        assertThat(run("recipe", "new", "--from", shards.toString(), "--out", recipe)).isZero();
        assertThat(Files.readString(Path.of(recipe))).contains("kind: webdataset", "picture: 'png'");
        assertThat(run("recipe", "check", recipe)).isZero();
        assertThat(run(with(SMALL, "train", recipe, "--max-steps", "1", "--out", temp.resolve("run").toString()))).as(err.toString())
                .isZero();
    }

    /// As Hugging Face's datasets lays them out.
    private Path table() throws SQLException {
        var file = temp.resolve("set.parquet");
        try (var connection = DriverManager.getConnection("jdbc:duckdb:"); var statement = connection.createStatement()) {
            statement.execute("""
                    COPY (SELECT {'bytes': i.content, 'path': parse_filename(i.filename)} AS image, t.content AS text,
                        parse_filename(i.filename) AS name
                        FROM read_blob('%1$s/*.png') i JOIN read_text('%1$s/*.txt') t
                        ON replace(i.filename, '.png', '.txt') = t.filename ORDER BY name) TO '%2$s'"""
                    .formatted(set().toString().replace("'", "''"), file));
        }
        return file;
    }

    @Test
    void aParquetFileIsTrainedOnWithCaptionsOfAnother() throws IOException, SQLException {
        var table = table().toString();
        assertThat(run("data", "audit", table, "--json")).as(err.toString()).isZero();
        assertThat(new ObjectMapper().readTree(out.toString()).get("ok").asInt()).isEqualTo(20);
        assertThat(run("data", "show", table, "--out", temp.resolve("grid.png").toString())).isZero();
        assertThat(out.toString()).contains("20 images", "set.parquet/0: picture 0");
        var recipe = temp.resolve("table.yaml").toString();
        assertThat(run("recipe", "new", "--from", table, "--out", recipe)).isZero();
        assertThat(Files.readString(Path.of(recipe))).contains("kind: parquet", "files: ['" + table + "']", "picture: 'image'");
        var more = Files.writeString(temp.resolve("more.jsonl"),
                "{\"name\": \"03.png\", \"long\": \"a long caption\"}\n{\"name\": \"04.png\", \"long\": \" \"}\n");
        var settings = with(SMALL, "--set", "data.captions_from={file: '" + more + "', key: name}", "--set",
                "data.captions=[{field: long, share: 3}, {field: text}]");
        assertThat(run(with(settings, "recipe", "check", recipe))).as(err.toString()).isZero();
        var run = temp.resolve("run").toString();
        assertThat(run(with(settings, "train", recipe, "--max-steps", "1", "--out", run))).as(err.toString()).isZero();
        Files.writeString(more, "{\"name\": \"03.png\", \"long\": \"another caption\"}\n");
        assertThat(run(with(settings, "train", recipe, "--max-steps", "2", "--out", run))).isEqualTo(2);
        assertThat(err.toString()).contains("the images have changed");
    }

    static String[] with(String[] settings, String... command) {
        return Stream.concat(Stream.of(command), Stream.of(settings)).toArray(String[]::new);
    }

    @Test
    void aMixtureIsTrainedOnAndItsProblemsNameTheirSource() throws IOException, SQLException {
        var table = table();
        fiveBadOnes();
        Files.writeString(temp.resolve("mix.yaml"), """
                run: {name: mix, precision: f32}
                model:
                  llm: {width: 32, layers: 2, heads: 2, kv_heads: 1, head_width: 16, mlp_width: 64, tokenizer: bytes, max_tokens: 16}
                  dit: {width: 32, mlp_width: 64, layers: 2, patch: 8, channels: 3}
                data:
                  kind: mix
                  sources:
                    - {name: photos, weight: 3, data: {kind: folder, path: "%s", image_size: 32, errors: {stop_above: 0.5}}}
                    - {name: table, data: {kind: parquet, files: ["%s"], image_size: 32}}
                    - {name: shapes, weight: 2, data: {kind: blocks, samples: 20}}
                stages:
                  - {name: text, steps: 2, batch: 4, lr: {llm: 1e-3}, losses: {language: {corpus: captions}}}
                  - {name: fuse, steps: 4, batch: 6, lr: {dit: 1e-3}, losses: {flow: {}}}
                evaluation: {validation: {every: 2, samples: 6, bins: 2}}
                sampling: {steps: 2}
                """.formatted(set(), table));
        var recipe = temp.resolve("mix.yaml").toString();
        assertThat(run("recipe", "check", recipe)).as(err.toString()).isZero();
        assertThat(run("plan", recipe)).as(err.toString()).isZero();
        var run = temp.resolve("run").toString();
        assertThat(run("train", recipe, "--out", run, "--max-steps", "3")).as(err.toString()).isZero();
        assertThat(Files.readAllLines(Path.of(run, "data-errors.jsonl"))).hasSize(5)
                .allMatch(line -> line.contains("\"sample\":\"photos/"));
        var mark = new ObjectMapper().readTree(Path.of(run, "checkpoints/latest/data.json").toFile());
        assertThat(mark.get("held").asInt()).as("3 of photos, and those that look like them").isEqualTo(6);
        assertThat(mark.get("samples").asInt()).isEqualTo(40 - mark.get("held").asInt());
        assertThat(run("train", recipe, "--out", run)).as("goes on").isZero();
        assertThat(run("train", recipe, "--out", temp.resolve("other").toString(), "--set",
                "data.sources.photos.data.errors.stop_above=0.1")).isEqualTo(2);
        assertThat(err.toString()).contains("more than data.sources.photos.data.errors.stop_above allows (0.1)");
        assertThat(run("recipe", "check", recipe, "--set", "data.sources.shapes.data=blocks", "--set", "data.sources.table.weight=0"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("'data.samples' in source 'shapes' must be given",
                "'weight' in source 'table' must be more than 0");
    }
}
