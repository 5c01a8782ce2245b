package dev.fusedit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.cli.Notebook;
import dev.fusedit.torch.TensorScope;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every notebook of this folder runs to its end without an error and leaves no tensor behind.
class NotebooksTest {
    static Stream<Path> notebooks() throws IOException {
        try (var files = Files.list(Path.of("."))) {
            return files.filter(file -> file.toString().endsWith(".jsh")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("notebooks")
    void runsAndLeavesNothing(Path file) {
        var before = TensorScope.live();
        var messages = new ByteArrayOutputStream();
        try (var notebook = new Notebook(new PrintStream(messages, true))) {
            assertThat(notebook.run(file)).as("%s", messages).isTrue();
        }
        assertThat(TensorScope.live()).as("live tensors").isEqualTo(before);
    }
}
