package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.trainer.compare.ComparedImages;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.study.Study;
import dev.fusedit.trainer.study.StudyFiles;
import dev.fusedit.trainer.study.StudyRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Tag("training")
class StudyCommandTest {
    private static final String TINY = "../recipes/studies/tests/tiny.yaml";

    @TempDir
    private Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) { return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true)); }

    /// Every command is this program's own, in this process.
    @Test
    void aStudyIsRunToItsTables() throws IOException {
        var place = folder.resolve("tiny");
        var study = Study.read(Path.of(TINY), Optional.of(place));
        var result = new StudyRun(study, (words, _, _) -> run(words.toArray(String[]::new)), 1, _ -> {}, () -> false).run();
        assertThat(result.isComplete()).as(err.toString()).isTrue();
        StudyFiles.write(result, Optional.of(ComparedImages.of(result.firstSeed(), null, ProgressLine.silent())));
        var json = new ObjectMapper().readTree(place.resolve("table.json").toFile());
        assertThat(json.path("cells")).hasSize(12).allSatisfy(cell -> {
            assertThat(cell.path("validation_flow").isNumber()).isTrue();
            assertThat(cell.path("caption_gap").isNumber()).isTrue();
            assertThat(cell.path("seen").isNumber()).isTrue();
        });
        assertThat(json.path("informative").asBoolean()).as("after six steps").isFalse();
        assertThat(Files.readString(place.resolve("index.html"))).contains("The same prompts and noise").contains("<figure>");

        out.getBuffer().setLength(0);
        assertThat(run("study", TINY, "--out", place.toString())).as("all is there: " + err).isZero();
        assertThat(out.toString()).contains("not informative", "Page: " + place.resolve("index.html"));
        assertThat(publishedElsewhere(place)).allSatisfy(cell -> assertThat(cell.path("command").asText())
                .matches("OMP_NUM_THREADS=1 \\./fusedit train [^&]* && OMP_NUM_THREADS=1 \\./fusedit eval .*"));
    }

    /// @return the cells, by a process that another launcher has started in another folder
    private JsonNode publishedElsewhere(Path place) throws IOException {
        var builder = new ProcessBuilder(OwnProcess.command(List.of("study", TINY, "--out", place.toString(), "--publish",
                folder.resolve("pages").toString()), List.of())).redirectErrorStream(true);
        builder.environment().put("FUSEDIT_COMMAND", "/elsewhere/fusedit");
        try (var said = builder.start().inputReader()) {
            assertThat(said.lines()).anyMatch(line -> line.startsWith("Page: "));
        }
        return new ObjectMapper().readTree(folder.resolve("pages/table.json").toFile()).path("cells");
    }

    @Test
    void badUsageIsSaid() throws IOException {
        assertThat(run("study", "none.yaml")).isEqualTo(2);
        assertThat(err.toString()).contains("study none.yaml: no such file");
        assertThat(run("study", TINY, "--jobs", "0")).isEqualTo(2);
        var broken = Files.writeString(folder.resolve("b.yaml"),
                Files.readString(Path.of(TINY)).replace("key: model.fusion", "key: model.fusio"));
        assertThat(run("study", broken.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("arm 'joint'", "unknown key 'fusio'");
    }

    @Test
    void aPlanTellsWhatWillBeRun() throws IOException {
        assertThat(run("study", TINY, "--plan", "--json")).as(err.toString()).isZero();
        var json = new ObjectMapper().readTree(out.toString());
        assertThat(json.at("/arms/0/steps").asInt()).isEqualTo(6);
        assertThat(json.at("/arms/1/command").asText()).contains("train tests/minimal --out runs/studies/tiny/cells/cross/seed-1");
    }

    @Test
    void whatIsAllowedIsAllowedInItsTrainings() {
        var jobs = new CellJobs(CommandLine.populateCommand(new PipeOption(), "--allow-pipe"),
                CommandLine.populateCommand(new HookOption(), "--allow-hook"));
        assertThat(jobs.asHere(List.of("train", "tests/minimal"))).endsWith("--allow-pipe", "--allow-hook");
        assertThat(jobs.asHere(List.of("eval", "--model", "x"))).containsExactly("eval", "--model", "x");
        assertThat(new CellJobs(new PipeOption(), new HookOption()).asHere(List.of("train", "tests/minimal"))).hasSize(2);
        assertThat(run("study", TINY, "--plan", "--allow-pipe", "--allow-hook")).as(err.toString()).isZero();
    }
}
