package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The pages' commands that take seconds, run as they stand there: where a page has a run, a recipe or images of its reader's, a small one
/// is made; what is written goes to a folder of the test.
class DocumentedCommandsTest {
    private static final Path ROOT = Path.of("..");
    /// Those that compute no images and no golden cases.
    private static final Set<String> QUICK = Set.of("completion", "doctor", "export", "info", "plan", "recipe check", "recipe list",
            "recipe schema", "recipe show");
    private static final Set<String> LONG = Set.of("compare", "parity", "recipe new", "sample");
    private static final Set<String> WRITTEN = Set.of("--out", "--html");

    @TempDir
    private static Path folder;
    private static String run;
    private static Map<String, String> places;
    private static int count;

    @BeforeAll
    static void makeWhatReadersHave() throws IOException {
        run = folder.resolve("run").toString();
        run(List.of("train", "tests/minimal", "--out", run));
        run(List.of("sample", "--model", run, "--prompt", "a red thing", "-n", "3", "--out", folder.resolve("images").toString()));
        for (int i = 0; i < 3; i++) {
            var image = folder.resolve("images/%05d.png".formatted(i));
            Files.copy(image, Files.createDirectories(folder.resolve("photos")).resolve(i + ".png"));
            Files.writeString(folder.resolve("photos/" + i + ".txt"), "a red thing");
        }
        var photos = folder.resolve("photos").toString();
        var own = folder.resolve("own.yaml").toString();
        var caches = folder.resolve("caches").toString();
        var other = folder.resolve("other").toString();
        var exported = folder.resolve("exported").toString();
        run(List.of("recipe", "new", "--from", photos, "--out", own));
        run(List.of("data", "cache", own, "--set", "cache.folder=" + caches));
        run(List.of("train", "tests/minimal", "--set", "run.seed=2", "--max-steps", "5", "--out", other));
        run(List.of("export", "--model", run, "--out", exported));
        var recipe = ROOT.resolve("recipes/tests/minimal.yaml").toString();
        places = new HashMap<>(Map.of("my.yaml", recipe, "RECIPE", recipe, "photos", photos, "coyo-256", photos, "--from FOLDER", photos,
                "caches/photos", caches, "images/00002.png", folder.resolve("images/00002.png").toString()));
        places.putAll(Map.of("DIR", run, "RUN", run, "PATH", run, "runs/b", other, "runs/other", other, "my-model", exported,
                "--model FOLDER", exported));
        places.put("--reference-config FILE", Files.writeString(folder.resolve("reference.yaml"), RecipeCommandTest.REFERENCE).toString());
        places.put("info FILE", ROOT.resolve("examples/models/blocks/transformer/model.safetensors").toString());
        places.put("--nproc 1", "2"); // for N
    }

    @Test
    void whatTellsSomethingRuns() throws IOException { assertThat(allRun(QUICK)).hasSizeGreaterThan(15); }

    @Test
    void theModelOfTheRepositorySamples() throws IOException {
        assertThat(allRun(Set.of("sample"), "examples/models/blocks")).isNotEmpty();
    }

    @Tag("long")
    @Test
    void whatMakesSomethingRuns() throws IOException { assertThat(allRun(LONG)).hasSizeGreaterThan(10); }

    /// @return the commands that were run, each once
    private static Set<String> allRun(Set<String> names, String... parts) throws IOException {
        var done = new TreeSet<String>();
        var problems = new ArrayList<String>();
        for (var page : DocsTest.pages().toList()) {
            for (var command : DocsTest.commands(page)) {
                var text = command.text();
                if (!DocumentedCommand.isWhole(text) || DocumentedCommand.problem(text, true).isPresent()) continue; // a sentence names parts of one
                var words = DocumentedCommand.words(text);
                if (names.stream().noneMatch(name -> (String.join(" ", words) + " ").startsWith(name + " "))) continue;
                if (words.contains("cuda")) continue; // another machine's
                if (!Stream.of(parts).allMatch(text::contains) || !done.add(String.join(" ", words))) continue;
                problem(here(words)).ifPresent(problem -> problems.add(page + ": " + text + ": " + problem));
            }
        }
        assertThat(problems).isEmpty();
        return done;
    }

    /// The command with places of this machine in place of the page's.
    private static List<String> here(List<String> words) throws IOException {
        var here = new ArrayList<String>();
        for (var word : words) {
            var before = here.isEmpty() ? "" : here.getLast();
            if (WRITTEN.contains(before))
                here.add(Files.createDirectories(folder.resolve("out-" + count++)).resolve(name(word)).toString());
            else if (places.containsKey(before + " " + word)) here.add(places.get(before + " " + word));
            else if (places.containsKey(word)) here.add(places.get(word));
            else if (word.startsWith("runs/")) here.add(run);
            else here.add(!here.isEmpty() && Files.exists(ROOT.resolve(word)) ? ROOT.resolve(word).toString() : word);
        }
        if (here.getFirst().equals("plan") && !here.contains("--no-measure")) here.add("--no-measure"); // up to 20 s of the machine's rates
        return here;
    }

    private static String name(String path) { return Path.of(path).getFileName().toString(); }

    private static void run(List<String> words) { assertThat(problem(words)).isEmpty(); }

    /// What is wrong with a run of it; empty if nothing is.
    private static Optional<String> problem(List<String> words) {
        var out = new StringWriter();
        var err = new StringWriter();
        int status = Main.run(words.toArray(String[]::new), new PrintWriter(out, true), new PrintWriter(err, true));
        if (status != ExitCode.OK) return Optional.of("%s: exit code %d: %s".formatted(words, status, err));
        if (out.toString().isBlank()) return Optional.of(words + " says nothing");
        for (int i = 1; i < words.size(); i++) {
            if (WRITTEN.contains(words.get(i - 1)) && !Files.exists(Path.of(words.get(i)))) return Optional.of(words + " writes nothing");
        }
        return Optional.empty();
    }
}
