package dev.fusedit.cli.notebook;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NotebookFileTest {
    private static final String TEXT = """
            // A title
            //
            // Prose with a list:
            //
            // - one

            int x = 1;
            int twice(int y) {
                // a comment of the code

                return 2 * y;
            }
            twice(x)

            x

            // ---- A section

            IO.println("%d ns, 1.5e-3".formatted(12_345)); // measured
            """;

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream messages = new ByteArrayOutputStream();

    private NotebookFile file(String text) throws IOException {
        return NotebookFile.read(Files.writeString(folder.resolve("a.jsh"), text));
    }

    @Test
    void pageHasProseCodeAndOutput() throws IOException {
        assertThat(file(TEXT).markdown(folder.resolve("a"), new PrintStream(messages))).as("%s", messages).hasValue("""
                # A title

                Prose with a list:

                - one

                ```java
                int x = 1;
                int twice(int y) {
                    // a comment of the code

                    return 2 * y;
                }
                twice(x)
                ```

                ```text
                2
                ```

                ```java
                x
                ```

                ```text
                1
                ```

                ## A section

                ```java
                IO.println("%d ns, 1.5e-3".formatted(12_345)); // measured
                ```

                ```text measured
                12345 ns, 1.5e-3
                ```
                """);
    }

    @Test
    void measuredNumbersAndTheirWidthsAreNoPromise() {
        var page = "```text\n1.25\n```\n\n```text measured\nadd %s ns | a  b\n```\n";
        assertThat(NotebookFile.promised(page.formatted("12,345.5"))).isEqualTo(NotebookFile.promised(page.formatted("   -7e+03")));
        assertThat(NotebookFile.promised(page.formatted("1"))).isNotEqualTo(NotebookFile.promised(page.formatted("x")))
                .contains("1.25");
    }

    @Test
    void imagesAreShownAndErrorsNameTheirLine() throws IOException {
        var page = file("""
                IO.println("before");
                Show.image("grey", Tensor.full(0.5, DType.F32, 3, 2, 2))
                """).markdown(folder.resolve("a"), new PrintStream(messages));
        assertThat(page).as("%s", messages).isPresent();
        assertThat(page.get()).endsWith("```text\nbefore\n```\n\n![grey](a/grey.png)\n");
        assertThat(folder.resolve("a/grey.png")).isRegularFile();

        var wrong = file("// A title\n\nint x = 1;\n\n// Prose\n\nint y =\n    \"text\";\n");
        assertThat(wrong.markdown(folder, new PrintStream(messages))).isEmpty();
        assertThat(messages.toString()).contains("a.jsh:8: incompatible types");
    }

    @Test
    void jupyterNotebookHasTheCells() throws IOException {
        var json = new ObjectMapper().readTree(file(TEXT).ipynb());
        assertThat(json.findValuesAsText("cell_type")).containsExactly("markdown", "code", "code", "markdown", "code");
        assertThat(json.findValuesAsText("id")).containsExactly("line-1", "line-7", "line-15", "line-17", "line-19");
        assertThat(json.path("cells").path(0).path("source").path(0).asText()).isEqualTo("# A title\n");
        assertThat(json.path("cells").path(1).path("outputs").isArray()).isTrue();
        assertThat(json.path("metadata").path("kernelspec").path("name").asText()).isEqualTo("java");
    }
}
