package dev.fusedit.trainer.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecaptionedImagesTest {
    @TempDir
    private Path temp;

    @BeforeEach
    void fourImages() throws IOException {
        Files.createDirectories(temp.resolve("set/sub"));
        for (int i = 0; i < 4; i++) {
            var rgb = new byte[3 * 8 * 8];
            new Random(i).nextBytes(rgb);
            Files.write(temp.resolve("set/sub/" + i + ".png"), new PngImage(8, 8, rgb).png());
            Files.writeString(temp.resolve("set/sub/" + i + ".txt"), "own " + i);
        }
    }

    private String file(String name, String text) throws IOException { return Files.writeString(temp.resolve(name), text).toString(); }

    private RecaptionedImages joined(String file, String by, String column) {
        return RecaptionedImages.of(ImageFolder.open(temp.resolve("set")), file, by, column, 2);
    }

    private static SourceScan scan(ImageSource source) {
        return SourceScan.of(source, CaptionRule.usual(source), ImageDecoding.STRICT, 2, _ -> {});
    }

    @Test
    void textsAreJoinedByKey() throws IOException, BadSample {
        var file = file("re.jsonl", """
                {"key": "sub/0.png", "long": "long 0", "short": ["s", "S"], "score": 0.5}
                {"key": "sub/2.png", "long": "long 2"}

                {"key": "sub/2.png", "long": "better 2"}
                {"key": "elsewhere.png", "other": "x"}
                no json
                {"long": "no key"}
                """);
        try (var source = joined(file, "key", "key")) {
            assertThat(source.texts(0)).isEqualTo(Map.of("text", "own 0", "long", "long 0", "short.0", "s", "short.1", "S"));
            assertThat(source.texts(1)).isEqualTo(Map.of("text", "own 1"));
            assertThat(source.texts(2)).containsEntry("long", "better 2");
            assertThat(source.notes()).containsExactly(file + ": captions long, short for 2 of 4 images; 2 have none there",
                    file + ": 1 rows are of images that had one before; the last one counts");
            assertThat(source.problems()).extracting(Problem::sample).containsExactly("re.jsonl:6", "re.jsonl:7");
            assertThat(scan(source).captions()).as("what is joined comes first").containsExactly("long 0", "own 1", "better 2", "own 3");
        }
    }

    @Test
    void textsAreJoinedByTheHashOfTheFile() throws IOException, SQLException, BadSample {
        var hash = Hashing.sha256().hashBytes(Files.readAllBytes(temp.resolve("set/sub/3.png"))).toString();
        var csv = file("re.csv", "\ufeffsha256,long\n" + hash.toUpperCase(Locale.ROOT) + ",\"long, 3\"\n");
        try (var source = joined(csv, "sha256", "sha256")) {
            assertThat(source.texts(3)).containsEntry("long", "long, 3").containsEntry("text", "own 3");
            assertThat(source.notes()).first().asString().contains("1 of 4 images; 3 have none");
        }
        var table = temp.resolve("re.parquet");
        ParquetImagesTest.write(table, "SELECT '" + hash + "' AS hash, ['a', 'b'] AS short, 'text of the table' AS text, 7 AS n", "");
        try (var source = joined(table.toString(), "sha256", "hash")) {
            assertThat(source.texts(3)).as("a text of the same name stands in place of its own")
                    .isEqualTo(Map.of("text", "text of the table", "short.0", "a", "short.1", "b"));
        }
    }

    @Test
    void textsAreJoinedByAColumnOfParquet() throws IOException, BadSample {
        var file = file("re.jsonl", "{\"number\": 103, \"long\": \"long 3\"}\n{\"number\": 999, \"long\": \"none\"}\n");
        try (var source = RecaptionedImages.of(ParquetImages.open(List.of(ParquetImagesTest.golden("hub.parquet").toString()), ""), file,
                "id", "number", 2)) {
            assertThat(source.texts(3)).containsEntry("long", "long 3").containsEntry("text", "picture 3");
            assertThat(source.texts(4)).doesNotContainKey("long");
        }
        var byText = file("own.jsonl", "{\"text\": \"own 1\", \"long\": \"long 1\"}\n");
        try (var source = joined(byText, "text", "text")) {
            assertThat(source.texts(1)).isEqualTo(Map.of("text", "own 1", "long", "long 1"));
        }
    }

    @Test
    void whatCannotBeJoinedIsSaid() throws IOException {
        assertThatThrownBy(() -> joined(temp.resolve("nowhere.jsonl").toString(), "key", "key")).isInstanceOf(UserError.class)
                .hasMessageContaining("nowhere.jsonl: cannot be read as captions");
        assertThatThrownBy(() -> joined(temp.resolve("nowhere.parquet").toString(), "key", "key")).isInstanceOf(UserError.class)
                .hasMessageContaining("nowhere.parquet: no such file");
        var other = file("re.jsonl", "{\"key\": \"0.png\", \"long\": \"x\"}\n");
        assertThatThrownBy(() -> joined(other, "key", "key")).isInstanceOf(UserError.class)
                .hasMessageContaining("none of its 1 rows belongs to an image", "sub/0.png");
        assertThatThrownBy(() -> joined(other, "key", "file_name")).isInstanceOf(UserError.class)
                .hasMessageContaining("no row has 'file_name'");
        assertThatThrownBy(() -> joined(other, "url", "url")).isInstanceOf(UserError.class)
                .hasMessageContaining("no sample has a text 'url'");
    }

    @Test
    void otherCaptionsAreOtherData() throws IOException {
        var file = file("re.jsonl", "{\"key\": \"sub/0.png\", \"long\": \"one\"}\n");
        String digest, stamp;
        try (var source = joined(file, "key", "key"); var again = joined(file, "key", "key")) {
            digest = source.digest();
            stamp = source.stamp();
            assertThat(again.digest()).isEqualTo(digest);
            assertThat(again.stamp()).isEqualTo(stamp);
        }
        file("re.jsonl", "{\"key\": \"sub/0.png\", \"long\": \"another\"}\n");
        try (var source = joined(file, "key", "key")) {
            assertThat(source.digest()).isNotEqualTo(digest);
            assertThat(source.stamp()).isNotEqualTo(stamp);
        }
    }

    @Test
    void hashesAreKept() {
        try (var source = ImageFolder.open(temp.resolve("set"))) {
            var first = ContentHashes.of(source, temp.resolve("cache"), 2);
            assertThat(first).hasSize(4).allMatch(hash -> hash.length() == 64);
            assertThat(ContentHashes.of(source, temp.resolve("cache"), 2)).isEqualTo(first);
            assertThat(temp.resolve("cache")).isDirectoryContaining("glob:**.sha256");
        }
    }
}
