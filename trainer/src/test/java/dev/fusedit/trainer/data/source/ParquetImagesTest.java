package dev.fusedit.trainer.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.ImageDecoding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files of goldens/parquet are written by the library datasets and pyarrow, the others by DuckDB.
class ParquetImagesTest {
    @TempDir
    private Path temp;

    static Path golden(String name) {
        try {
            return Path.of(ParquetImagesTest.class.getResource("/goldens/parquet/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /// @param sql what the file is to hold
    static void write(Path file, String sql, String options) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:duckdb:"); var statement = connection.createStatement()) {
            statement.execute("COPY (%s) TO '%s' (FORMAT parquet%s)".formatted(sql, file, options));
        }
    }

    private static SourceScan scan(ImageSource source) {
        return SourceScan.of(source, CaptionRule.usual(source), ImageDecoding.STRICT, 2, _ -> {});
    }

    private Path copy(String name, String as) throws IOException {
        var file = temp.resolve(as);
        Files.createDirectories(file.getParent());
        return Files.copy(golden(name), file);
    }

    @Test
    void whatDatasetsWritesIsRead() throws BadSample {
        try (var source = ParquetImages.open(List.of(golden("hub.parquet").toString()), "")) {
            assertThat(source.imageField()).isEqualTo("image");
            assertThat(source.size()).isEqualTo(10);
            assertThat(source.block()).as("a row group").isEqualTo(4);
            var scan = scan(source);
            assertThat(scan.problems()).isEmpty();
            assertThat(scan.captions()).containsExactlyElementsOf(IntStream.range(0, 10).mapToObj(i -> "picture " + i).toList());
            assertThat(scan.good()).allMatch(facts -> facts.width() == 24 && facts.height() == 16);
            assertThat(source.key(7)).isEqualTo("hub.parquet/7");
            assertThat(source.texts(7)).isEqualTo(Map.of("text", "picture 7", "captions.0", "first 7", "captions.1", "second 7"));
            assertThat(source.values("id")).startsWith("100", "101").hasSize(10);
        }
    }

    @Test
    void anyOfSeveralCaptionsIsTaken() throws BadSample {
        var rule = new CaptionRule(ImmutableMap.of("captions", 1.0, "text", 1.0));
        try (var source = ParquetImages.open(List.of(golden("hub.parquet").toString()), "image")) {
            var taken = new HashSet<String>();
            int texts = 0;
            for (int position = 0; position < 600; position++) {
                var caption = rule.of(source.texts(1), 5, position);
                taken.add(caption);
                texts += caption.startsWith("picture") ? 1 : 0;
            }
            assertThat(taken).containsExactlyInAnyOrder("first 1", "second 1", "picture 1");
            assertThat(texts).as("shares are of names, not of texts").isBetween(250, 350);
        }
    }

    @Test
    void bytesInAPlainColumnAreImages() {
        try (var source = ParquetImages.open(List.of(golden("img2dataset.parquet").toString()), "");
                var same = ParquetImages.open(List.of(golden("hub.parquet").toString()), "")) {
            assertThat(source.imageField()).isEqualTo("jpg");
            assertThat(scan(source).captions()).startsWith("alt text 0", "alt text 1").hasSize(10);
            assertThat(scan(source).good()).extracting(SampleFacts::look)
                    .isEqualTo(scan(same).good().stream().map(SampleFacts::look).toList());
            assertThat(source.usualCaptions()).doesNotContain("url", "sha256", "key");
        }
    }

    @Test
    void eachBadRowHasItsCause() {
        try (var source = ParquetImages.open(List.of(golden("odd.parquet").toString()), "")) {
            assertThat(scan(source).problems()).extracting(Problem::sample, Problem::cause).containsExactly(
                    tuple("odd.parquet/1", Cause.BROKEN_IMAGE), tuple("odd.parquet/2", Cause.BROKEN_IMAGE),
                    tuple("odd.parquet/3", Cause.BROKEN_IMAGE), tuple("odd.parquet/4", Cause.MISSING_CAPTION),
                    tuple("odd.parquet/5", Cause.EMPTY_CAPTION));
            assertThat(scan(source).captionCounts().get("text")).isEqualTo(new CaptionCount(1, 1, 1));
        }
    }

    @Test
    void foldersPatternsAndFilesNameTheirSamples() throws IOException {
        copy("hub.parquet", "set [1]/data/train-0.parquet");
        copy("hub.parquet", "set [1]/data/train-1.parquet");
        copy("hub.parquet", "set [1]/test.parquet");
        copy("hub.parquet", "set [1]/.cache/x.parquet");
        var set = temp.resolve("set [1]");
        assertThat(names(set.toString())).containsExactlyInAnyOrder("data/train-0.parquet", "data/train-1.parquet", "test.parquet");
        var plain = Files.move(set, temp.resolve("plain"));
        assertThat(names(plain + "/data/train-*.parquet")).containsExactly("train-0.parquet", "train-1.parquet");
        assertThat(names(plain + "/data/train-{0..1}.parquet")).containsExactly("train-0.parquet", "train-1.parquet");
        assertThat(names(plain + "/**/*.parquet")).contains("train-0.parquet", "test.parquet");
        copy("hub.parquet", "plain/other/test.parquet");
        assertThat(names(plain + "/test.parquet", plain + "/other/test.parquet")).as("whole paths where names are the same")
                .containsExactlyInAnyOrder(plain + "/test.parquet", plain + "/other/test.parquet");
        assertThatThrownBy(() -> names(plain + "/none-*.parquet")).isInstanceOf(UserError.class).hasMessageContaining("none-*.parquet");
        assertThatThrownBy(() -> names(temp + "/nowhere.parquet")).isInstanceOf(UserError.class).hasMessageContaining("no such file");
    }

    private static Set<String> names(String... patterns) {
        try (var source = ParquetImages.open(List.of(patterns), "")) {
            var names = new HashSet<String>();
            for (int i = 0; i < source.size(); i++) {
                assertThat(source.image(i)).isNotEmpty();
                names.add(source.key(i).substring(0, source.key(i).lastIndexOf('/')));
            }
            return names;
        } catch (BadSample e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aCutFileIsNamedAndTheOthersAreRead() throws IOException {
        var cut = copy("hub.parquet", "set/b.parquet");
        var bytes = Files.readAllBytes(cut);
        Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));
        Files.createFile(temp.resolve("set/c.parquet"));
        try (var source = ParquetImages.open(List.of(temp.resolve("set").toString()), "")) {
            assertThatThrownBy(source::requireSamples).isInstanceOf(UserError.class).hasMessageContaining("b.parquet: its footer");
        }
        copy("hub.parquet", "set/a.parquet");
        try (var source = ParquetImages.open(List.of(temp.resolve("set").toString()), "")) {
            var scan = scan(source);
            assertThat(scan.good()).hasSize(10);
            assertThat(scan.problems()).extracting(Problem::sample, Problem::cause).containsExactly(tuple("b.parquet", Cause.BROKEN_SHARD),
                    tuple("c.parquet", Cause.BROKEN_SHARD));
        }
    }

    @Test
    void aDamagedPageCostsOnlyItsRows() throws IOException {
        var file = copy("hub.parquet", "a.parquet");
        var bytes = Files.readAllBytes(file);
        for (int i = 4; i < 40; i++) bytes[i] ^= 0x55; // the header of the first page of the first row group's images
        Files.write(file, bytes);
        try (var source = ParquetImages.open(List.of(file.toString()), "")) {
            var scan = scan(source);
            assertThat(scan.good()).extracting(SampleFacts::index).containsExactly(4, 5, 6, 7, 8, 9);
            assertThat(scan.problems()).hasSize(4).allMatch(problem -> problem.cause() == Cause.BROKEN_IMAGE)
                    .first().matches(problem -> problem.sample().equals("a.parquet/0"));
        }
    }

    @Test
    void aTextThatIsNotUtf8CostsOnlyItsRow() throws IOException, SQLException {
        var file = temp.resolve("a.parquet");
        write(file, "SELECT image, text FROM '%s'".formatted(golden("hub.parquet")), ", COMPRESSION uncompressed");
        var bytes = Files.readAllBytes(file);
        var text = new String(bytes, StandardCharsets.ISO_8859_1);
        assertThat(text).contains("picture 5");
        bytes[text.indexOf("picture 5") + 3] = (byte) 0xff;
        Files.write(file, bytes);
        try (var source = ParquetImages.open(List.of(file.toString()), "")) {
            var scan = scan(source);
            assertThat(scan.good()).extracting(SampleFacts::index).containsExactly(0, 1, 2, 3, 4, 6, 7, 8, 9);
            assertThat(scan.problems()).hasSize(1).allMatch(problem -> problem.cause() == Cause.BAD_TEXT)
                    .anyMatch(problem -> problem.sample().equals("a.parquet/5"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"snappy", "zstd", "gzip", "lz4", "uncompressed"})
    void largeRowGroupsAreReadInParts(String codec) throws SQLException, BadSample {
        var file = temp.resolve("large.parquet");
        write(file,
                "SELECT {'bytes': encode(i || repeat('x', 20000)), 'path': i || '.png'} AS picture, 'text ' || i AS text FROM range(600) t(i)",
                ", COMPRESSION " + codec);
        try (var source = ParquetImages.open(List.of(file.toString()), "picture")) {
            assertThat(source.block()).as("about 4 MiB of some 20 kB").isBetween(150, 220);
            for (int index : new int[] {0, 599, 300, source.block(), source.block() - 1, 17}) {
                assertThat(new String(source.image(index), StandardCharsets.UTF_8)).startsWith(index + "xxx").hasSizeGreaterThan(20000);
                assertThat(source.texts(index)).isEqualTo(Map.of("text", "text " + index));
            }
        }
    }

    @Test
    void columnsThatAreNoImagesAreRefused() throws SQLException, IOException {
        var file = temp.resolve("a.parquet");
        write(file, "SELECT 1 AS id, 'x' AS text, encode('b') AS \"odd \"\"name\"\"\"", "");
        assertThatThrownBy(() -> ParquetImages.open(List.of(file.toString()), "text")).isInstanceOf(UserError.class)
                .hasMessageContaining(
                        "a.parquet: has no column 'text' of images; it has id (other values), text (text), odd \"name\" (bytes)");
        try (var source = ParquetImages.open(List.of(file.toString()), "")) {
            assertThat(scan(source).problems()).hasSize(1);
        }
        write(file, "SELECT 1 AS id", "");
        assertThatThrownBy(() -> ParquetImages.open(List.of(file.toString()), "")).isInstanceOf(UserError.class)
                .hasMessageContaining("no column of images");
        Files.writeString(file, "hello");
        assertThatThrownBy(() -> ParquetImages.open(List.of(file.toString()), "")).isInstanceOf(UserError.class)
                .hasMessageContaining("is a text, not a Parquet table");
    }

    @Test
    void digestAndStampFollowTheFiles() throws IOException, SQLException {
        var file = copy("hub.parquet", "a.parquet");
        var before = digest(file);
        assertThat(digest(file)).isEqualTo(before);
        write(file, "SELECT encode('b') AS image, 'x' AS text", "");
        assertThat(digest(file)).doesNotContainAnyElementsOf(before);
    }

    private static List<String> digest(Path file) {
        try (var source = ParquetImages.open(List.of(file.toString()), "")) {
            return List.of(source.digest(), source.stamp());
        } catch (UncheckedIOException e) {
            throw new AssertionError(e);
        }
    }
}
