package dev.fusedit.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.fusedit.cli.notebook.NotebookFile;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.TensorScope;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every notebook of this folder runs to its end, prints what is kept beside it but for numbers that are measured, and leaves no tensor
/// behind. What takes minutes runs with small sizes (`quick`).
///
/// Kept pages are written anew by `./fusedit shell examples/NAME.jsh --markdown examples/NAME.md --force`.
class NotebooksTest {
    @TempDir
    private static Path temp;

    private int threads;

    @BeforeEach
    void small() {
        threads = Libtorch.threads();
        System.setProperty("quick", "true");
        System.setProperty("runs", temp.resolve("runs").toString());
    }

    @AfterEach
    void asItWas() {
        Libtorch.setThreads(threads);
        System.clearProperty("quick");
        System.clearProperty("runs");
    }

    @ParameterizedTest
    @ValueSource(strings = {"01-tensors", "02-fused-layer", "03-train-blocks", "05-sampling", "07-gradient-masks", "08-bridge"})
    void printsWhatIsKeptBesideIt(String name) throws IOException { requireKept(name); }

    @Test
    @Tag("long")
    void fusionsPrintWhatIsKeptBesideThem() throws IOException { requireKept("06-fusions"); }

    @Test
    @Tag("long")
    void gemmaPrintsWhatIsKeptBesideIt() throws IOException {
        assumeThat(Path.of(System.getProperty("gemma", "gemma-3-270m.gguf")))
                .as("the model, named by -Dfusedit.test.args='-Dgemma=FILE -Dgemma.tokenizer=FOLDER'").isRegularFile();
        requireKept("04-gemma");
    }

    @ParameterizedTest
    @ValueSource(strings = {"01-tensors", "02-fused-layer"})
    void jupyterNotebooksAreThoseOfTheFiles(String name) throws IOException {
        assertThat(Files.readString(Path.of(name + ".ipynb"))).isEqualTo(NotebookFile.read(Path.of(name + ".jsh")).ipynb());
    }

    @Test
    void allAreTried() throws IOException {
        try (var files = Files.list(Path.of("."))) {
            assertThat(files.map(Path::toString).filter(name -> name.endsWith(".jsh"))).hasSize(8);
        }
    }

    private static void requireKept(String name) throws IOException {
        assertThat(NotebookFile.promised(page(name))).isEqualTo(NotebookFile.promised(Files.readString(Path.of(name + ".md"))));
    }

    private static String page(String name) {
        var before = TensorScope.live();
        var messages = new ByteArrayOutputStream();
        var page = NotebookFile.read(Path.of(name + ".jsh")).markdown(temp.resolve(name), new PrintStream(messages, true));
        assertThat(page).as("%s", messages).isPresent();
        assertThat(TensorScope.live()).as("live tensors").isEqualTo(before);
        return page.get();
    }
}
