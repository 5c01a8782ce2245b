package dev.fusedit.trainer.data.prepare;

import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.table.DuckDb;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.fetch.FetchRules;
import dev.fusedit.trainer.data.fetch.HostileSite;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.TarShards;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class PreparationTest {
    private static final int ROWS = 1200;

    @TempDir
    private static Path shared;
    private static HostileSite site;
    private static Path metadata;
    private static Preparation.Outcome outcome;

    @TempDir
    private Path temp;

    @BeforeAll
    static void twoFiles() throws IOException, SQLException, InterruptedException {
        site = HostileSite.open();
        metadata = Files.createDirectory(shared.resolve("metadata"));
        CoyoMetadata.write(metadata.resolve("part-00000.snappy.parquet"), 0, 700, site);
        CoyoMetadata.write(metadata.resolve("part-00001.snappy.parquet"), 700, ROWS - 700, site);
        outcome = prepare(request(metadata, shared.resolve("set"), Part.ALL));
    }

    @AfterAll
    static void close() throws IOException { site.close(); }

    @BeforeEach
    void reset() { site.reset(); }

    static PrepareRequest request(Path metadata, Path out, Part part) {
        return request(metadata, out, part, Map.of("min-size", 48.0), BlockedHashes.NONE, true);
    }

    private static PrepareRequest request(Path metadata, Path out, Part part, Map<String, Double> rules, BlockedHashes blocked,
            boolean allowPrivate) {
        var fetch = new FetchRules("", 32, 32, 2, Duration.ofMillis(2), Duration.ofSeconds(20), 1_000_000, allowPrivate, _ -> false);
        return new PrepareRequest(Filters.of(PublishedSets.COYO, rules), List.of(metadata + "/part-*.parquet"), List.of(), out,
                Long.MAX_VALUE, "", 100,
                2,
                part, new ImageRules(56, 95, 1_000_000, 5), fetch, blocked);
    }

    private static Preparation.Outcome prepare(PrepareRequest request) throws InterruptedException {
        try (var preparation = Preparation.open(request)) {
            return preparation.run((_, _) -> {});
        }
    }

    private static Path prepared() { return shared.resolve("set"); }

    private Path copy() throws IOException {
        var copy = Files.createDirectory(temp.resolve("copy"));
        try (var files = Files.list(prepared())) {
            for (var file : files.toList()) Files.copy(file, copy.resolve(file.getFileName()));
        }
        return copy;
    }

    /// Of all files that are not hidden.
    private static Map<String, String> hashes(Path folder) throws IOException {
        var hashes = new TreeMap<String, String>();
        try (var files = Files.list(folder)) {
            for (var file : files.filter(file -> !file.getFileName().toString().startsWith(".")).toList())
                hashes.put(file.getFileName().toString(), Hashing.sha256().hashBytes(Files.readAllBytes(file)).toString());
        }
        return hashes;
    }

    @Test
    void everyRowIsAccountedFor() throws InterruptedException, BadSample {
        var out = temp.resolve("out");
        assertThat(prepare(request(metadata, out, Part.ALL))).isEqualTo(outcome);
        var counts = outcome.part().counts();
        assertThat(outcome.part().rows()).isEqualTo(ROWS);
        assertThat(counts).containsOnlyKeys("success", "no-url", "no-caption", "size", "aspect", "words", "clip-similarity", "nsfw",
                "watermark", "aesthetic", "duplicate", "changed", "broken-image", "content-type", "redirects", "address", "robots",
                "http-status", "too-many-requests", "server-error", "noai", "tdm", "too-large", "cut");
        var good = new HashSet<>(List.of("ok", "late", "redirect", "untyped", "busy", "shaky"));
        var keys = new HashSet<String>();
        try (var shards =
                TarShards.open(List.of(out.toString()), "", TarShards.BLOCK, ShardSettings.ofUser(ShardSettings.Pipes.REFUSED, _ -> {}))) {
            assertThat(shards.size()).isEqualTo((int) outcome.part().ok()).isGreaterThan(200);
            for (int i = 0; i < shards.size(); i++) {
                int row = Integer.parseInt(shards.key(i).substring(0, 5)) * 100 + Integer.parseInt(shards.key(i).substring(5));
                keys.add(shards.key(i));
                assertThat(shards.texts(i)).containsEntry("txt", "a picture of the number " + row + " in waves");
                var kind = CoyoMetadata.KINDS.get(row % CoyoMetadata.KINDS.size());
                assertThat(good.contains(kind) || kind.equals("changed") && row % 29 == 28).as("%d: %s", row, kind).isTrue(); // no hash to compare
                assertThat(shards.image(i)).startsWith(0xff, 0xd8);
            }
        }
        assertThat(keys).hasSize((int) outcome.part().ok());
        assertThat(site.asked()).as("forbidden files are never asked for").noneMatch(path -> path.startsWith("/forbidden/"));
        assertThat(out.resolve("README.md")).content().contains("COYO-700M", "| noai |", "`min-aesthetic` | 4.5");
    }

    @Test
    void fiveThousandRowsBecomeWhatWasCounted() throws IOException, SQLException, InterruptedException {
        var many = Files.createDirectory(temp.resolve("many"));
        CoyoMetadata.writeMany(many.resolve("part-0.parquet"), 0, 5000, site);
        var request = request(many, temp.resolve("out"), Part.ALL);
        Map<String, Long> counted;
        try (var preparation = Preparation.open(request)) {
            counted = preparation.counts();
        }
        var found = prepare(request).part();
        assertThat(found.rows()).isEqualTo(5000);
        assertThat(found.ok()).isPositive();
        for (var cause : List.of("no-url", "no-caption", "aspect", "words", "clip-similarity", "nsfw", "watermark", "aesthetic"))
            assertThat(found.counts()).containsEntry(cause, counted.get(cause));
    }

    @Test
    void tablesHaveARowForEach() throws SQLException, IOException {
        var out = prepared();
        var statuses = new TreeMap<String, Long>();
        var columns = new TreeSet<String>();
        try (var database = DuckDb.open(temp.resolve("spill"), 1, 1 << 28)) {
            database.query("SELECT status, count(*) FROM read_parquet('" + out + "/0*.parquet') GROUP BY 1",
                    row -> statuses.put(row.getString(1), row.getLong(2)));
            database.query("SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet('" + out + "/00000.parquet'))",
                    row -> columns.add(row.getString(1)));
        }
        assertThat(statuses.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(ROWS);
        assertThat(statuses).containsOnlyKeys("success", "left_out", "failed_to_download", "failed_to_resize");
        assertThat(columns).contains("url", "caption", "key", "status", "error_message", "width", "height", "original_width", "sha256",
                "id",
                "clip_similarity_vitb32", "image_phash", "aesthetic_score_laion_v2");
        var stats = new ObjectMapper().readTree(out.resolve("00003_stats.json").toFile());
        assertThat(stats.get("count").asInt()).isEqualTo(100);
        assertThat(stats.get("successes").asInt()).isEqualTo(stats.get("status_dict").get("success").asInt());
    }

    @Test
    void partsShareOutAllShards() {
        for (int n = 1; n <= 9; n++) {
            for (int first = 0; first <= 1; first++) {
                int of = n, from = first;
                for (int shard = 0; shard < 40; shard++) {
                    int each = shard;
                    assertThat(IntStream.range(from, from + of).filter(i -> Part.parse(i + "/" + of).has(each))).hasSize(1);
                }
            }
        }
    }

    @Test
    void partsAndOneProcessMakeTheSame() throws InterruptedException, IOException {
        var out = prepared();
        var parts = temp.resolve("parts");
        for (int i = 1; i <= 3; i++) assertThat(prepare(request(metadata, parts, new Part(i, 3))).whole()).isEqualTo(i == 3);
        assertThat(hashes(parts)).isEqualTo(hashes(out));
        site.asked().clear();
        assertThat(prepare(request(metadata, parts, Part.ALL)).part().rows()).isEqualTo(ROWS);
        assertThat(site.asked()).as("what is done is not asked for again").isEmpty();
        Files.delete(parts.resolve("00002.tar"));
        prepare(request(metadata, parts, new Part(2, 12)));
        assertThat(hashes(parts)).isEqualTo(hashes(out));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aKilledPreparationGoesOn() throws Exception {
        var expected = hashes(prepared());
        var out = temp.resolve("killed");
        int kills = 0;
        for (int shards = 1; shards <= 9; shards += 4) {
            var process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                    System.getProperty("java.class.path"), "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1",
                    PreparingProcess.class.getName(), metadata.toString(), out.toString(), "0/1").redirectErrorStream(true)
                    .redirectOutput(temp.resolve("log").toFile()).start();
            while (process.isAlive() && done(out) < shards) Thread.sleep(2);
            TimeUnit.MILLISECONDS.sleep(30 * kills);
            process.destroyForcibly();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            kills += process.exitValue() == 137 ? 1 : 0;
        }
        assertThat(kills).as(() -> read(temp.resolve("log"))).isPositive();
        assertThat(done(out)).isBetween(1, ROWS / 100);
        assertThat(prepare(request(metadata, out, Part.ALL)).whole()).isTrue();
        assertThat(hashes(out)).isEqualTo(expected);
        assertThat(out.resolve(".work")).doesNotExist();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static int done(Path out) {
        var names = out.toFile().list((_, name) -> name.endsWith("_stats.json") && !name.startsWith("."));
        return names == null ? 0 : names.length;
    }

    @Test
    void nothingIsForgottenHalf() throws InterruptedException, IOException {
        var out = copy();
        var before = keys(out);
        var url = site.url("/ok/168.jpg");
        assertThat(before).contains("0000168");
        assertThat(Forgetting.url(out, url)).isEqualTo(new Forgetting.Result(1, 1));
        assertThat(keys(out)).hasSize(before.size() - 1).doesNotContain("0000168");
        var sha256 = Hashing.sha256().hashBytes(HostileSite.image(2)).toString();
        assertThat(Forgetting.hash(out, sha256).rows()).isEqualTo(1);
        assertThat(keys(out)).hasSize(before.size() - 2);
        assertThat(new String(Files.readAllBytes(out.resolve("00001.parquet")), StandardCharsets.ISO_8859_1)).doesNotContain(url);
        assertThat(new ShardFiles(out, "00001").tally().counts()).containsEntry("forgotten", 1L);
        assertThat(new ShardFiles(out, "00001").tally().rows()).isEqualTo(100);
        assertThat(out.resolve("README.md")).content().contains("| forgotten | 2 |");
        assertThat(Forgetting.url(out, url).rows()).as("once is enough").isZero();
        var changed = hashes(out);
        Files.delete(out.resolve("00001_stats.json"));
        prepare(request(metadata, out, Part.ALL));
        assertThat(hashes(out)).as("made anew it stays forgotten").isEqualTo(changed);
        assertThatThrownBy(() -> Forgetting.url(temp, url)).isInstanceOf(UserError.class).hasMessageContaining("data prepare");
        assertThatThrownBy(() -> Forgetting.hash(out, "12")).isInstanceOf(UserError.class);
    }

    private static Set<String> keys(Path out) {
        var keys = new TreeSet<String>();
        try (var shards =
                TarShards.open(List.of(out.toString()), "", TarShards.BLOCK, ShardSettings.ofUser(ShardSettings.Pipes.REFUSED, _ -> {}))) {
            for (int i = 0; i < shards.size(); i++) keys.add(shards.key(i));
        }
        return keys;
    }

    @Test
    void blockedFilesAreNotKept() throws IOException, InterruptedException {
        var list = temp.resolve("blocked.txt");
        Files.writeString(list, "# known\n" + Hashing.sha256().hashBytes(HostileSite.image(0)) + " # one\n\n");
        var found =
                prepare(request(metadata, temp.resolve("out"), new Part(0, 12), Map.of("min-size", 0.0), BlockedHashes.of(List.of(list)),
                        true));
        assertThat(found.part().counts()).containsEntry("blocked-hash", 1L).doesNotContainKey("size");
        Files.writeString(list, "xyz\n");
        assertThatThrownBy(() -> BlockedHashes.of(List.of(list))).isInstanceOf(UserError.class).hasMessageContaining("xyz");
        Files.writeString(list, "0.0.0.0 ads.test\n*.bad.test\n");
        var blocked = BlockedHashes.domains(List.of(list));
        assertThat(List.of("ads.test", "x.ads.test", "bad.test", "a.b.bad.test")).allMatch(blocked);
        assertThat(List.of("test", "notbad.test", "ads.test.org")).noneMatch(blocked);
    }

    @Test
    void nothingPrivateIsFetchedUnlessAsked() throws InterruptedException {
        var found = prepare(request(metadata, temp.resolve("out"), Part.ALL, Map.of(), BlockedHashes.NONE, false));
        assertThat(found.part().ok()).isZero();
        assertThat(found.part().counts().get("private-address")).isPositive();
        assertThat(site.asked()).isEmpty();
        assertThat(temp.resolve("out/00000.tar")).doesNotExist();
    }

    @Test
    void countingFetchesNothing() throws InterruptedException {
        try (var preparation = Preparation.open(request(metadata, temp.resolve("out"), Part.ALL))) {
            var counts = preparation.counts();
            assertThat(counts.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(ROWS);
            assertThat(counts.get("duplicate")).isPositive();
            assertThat(counts.get("")).isPositive();
        }
        assertThat(site.asked()).isEmpty();
        assertThat(temp.resolve("out")).doesNotExist();
    }

    @Test
    void anotherPlanOrOtherThingsAreNotOverwritten() throws InterruptedException, IOException {
        var out = temp.resolve("out");
        prepare(request(metadata, out, new Part(0, 12)));
        assertThatThrownBy(() -> prepare(request(metadata, out, Part.ALL, Map.of("min-size", 50.0), BlockedHashes.NONE, true)))
                .isInstanceOf(UserError.class).hasMessageContaining("rules").hasMessageContaining("--out");
        var other = Files.createDirectory(temp.resolve("other"));
        Files.writeString(other.resolve("00000.tar"), "mine");
        assertThatThrownBy(() -> prepare(request(metadata, other, Part.ALL))).isInstanceOf(UserError.class)
                .hasMessageContaining("holds other things");
        assertThat(other.resolve("00000.tar")).hasContent("mine");
    }

    @Test
    void wrongMetadataAreNamed() throws IOException {
        assertThatThrownBy(() -> Preparation.open(request(temp.resolve("none"), temp.resolve("out"), Part.ALL)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("none/part-");
        var broken = Files.createDirectory(temp.resolve("broken"));
        Files.writeString(broken.resolve("part-00002.parquet"), "no Parquet");
        assertThatThrownBy(() -> Preparation.open(request(broken, temp.resolve("out"), Part.ALL))).isInstanceOf(UserError.class)
                .hasMessageContaining("part-00002.parquet: is no whole Parquet file");
        assertThatThrownBy(() -> PublishedSets.named("laion")).isInstanceOf(UserError.class).hasMessageContaining("coyo");
        assertThatThrownBy(() -> Filters.of(PublishedSets.COYO, Map.of("max-sharpness", 1.0))).isInstanceOf(UserError.class);
        for (var part : List.of("3", "3/2", "1/0", "-1/2")) assertThatThrownBy(() -> Part.parse(part)).isInstanceOf(UserError.class);
    }

    @Test
    void textsOfOtherLanguagesAreTold() {
        var english = LanguageCheck.of("en");
        assertThat(List.of("Fishing Fleet (Monterey), California art by Art Riley",
                "contemporary expensive lighting fixtures with minimum lighting",
                "The Gate by Pete2453", "a dog on the beach", "B-25", "2021 Toyota Corolla front view"))
                .allMatch(text -> english.otherThanWanted(text).isEmpty());
        assertThat(english.otherThanWanted("Ein alter Hund schläft auf dem Sofa neben dem Fenster")).contains("deu");
        assertThat(english.otherThanWanted("美しい山々と湖の風景写真です")).contains("jpn");
        assertThat(english.otherThanWanted("una casa blanca con jardín cerca de la playa")).contains("spa");
        assertThatThrownBy(() -> LanguageCheck.of("qq")).isInstanceOf(UserError.class).hasMessageContaining("eng");
    }
}
