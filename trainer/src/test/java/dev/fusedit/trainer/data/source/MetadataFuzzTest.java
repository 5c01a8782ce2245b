package dev.fusedit.trainer.data.source;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Any bytes as a folder's captions are captions of its image, or problems with a place, or are refused by a [UserError] that names the file.
class MetadataFuzzTest {
    private static final Path LINES = FuzzedFiles.file("metadata.jsonl");
    private static final Path CSV = FuzzedFiles.file("metadata.csv");

    static Stream<byte[]> seeds() {
        return Stream.of("{'file_name': 'a.jpg', 'text': 'a cat', 'others': ['b', null, 'c'], 'n': 3}\n\n{'file_name': './x/../a.jpg'}\n",
                "\ufeff{'file_name': 'b.jpg'}\n{'text': 'a'}\n{\n[]\nnull\n{'file_name': 1}",
                "{'file_name': '\\u0000', 'text': 'a'}\n{'file_name': '\\ud800', 'text': 'a'}",
                "{'file_name': 'a.jpg', 'a.0': 'x', 'a': ['y']}", "{'file_name': '', 'text': ''}", "{'file_name': '/a.jpg'}",
                "file_name,text\na.jpg,'a cat, and\nanother'\nb.jpg,x\n", "file_name,text\na.jpg\n", "file_name,file_name\na.jpg,b,c\n",
                "text\na\n", "", "\n", "{".repeat(200)).map(text -> text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyLines(byte[] data) throws IOException { read(LINES, data); }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyCsv(byte[] data) throws IOException { read(CSV, data); }

    private static void read(Path file, byte[] data) throws IOException {
        Files.write(file, data);
        var name = file.getFileName().toString();
        var files = new FolderFiles(List.of(new FolderFiles.Image("a.jpg", null, 1)), Map.of("", List.of(name)), 0, 0, "");
        try {
            var metadata = Metadata.of(file.getParent(), files);
            assertThat(metadata.rows().keySet()).isSubsetOf("a.jpg");
            for (var field : metadata.texts("a.jpg").entrySet()) {
                assertThat(field.getKey()).isNotNull();
                assertThat(field.getValue()).isNotNull();
            }
            assertThat(metadata.problems()).allSatisfy(problem -> assertThat(problem.toString()).isNotBlank());
        } catch (UserError e) {
            assertThat(e.getMessage()).contains(name);
        }
    }
}
