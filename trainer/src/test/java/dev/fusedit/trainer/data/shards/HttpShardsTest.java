package dev.fusedit.trainer.data.shards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpShardsTest {
    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    private static final byte[] TAR = ShardFiles.tar(1, 300_000);
    private static final String PATH = "/a.tar";

    private final List<Duration> waits = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private ShardServer server;
    private ShardStore store;

    @TempDir
    private Path temp;

    @BeforeEach
    void open() throws IOException {
        server = new ShardServer();
        store = store(Duration.ofSeconds(20));
    }

    private ShardStore store(Duration timeout) {
        return new ShardStore(new ShardSettings(temp.resolve("shards"), 1 << 24, new HttpPatience(4, timeout, FIRST_WAIT), Pipes.REFUSED,
                told::add), waits::add);
    }

    @AfterEach
    void close() throws IOException {
        store.close();
        server.close();
    }

    private Shard find() { return store.find(ShardAddress.of(server.url(PATH))); }

    private byte[] fetched() throws IOException { return store.reading(find(), _ -> false, Files::readAllBytes); }

    private static byte[] head(int count) { return Arrays.copyOf(TAR, count); }

    private List<String> ranges() { return server.requests(PATH).stream().map(request -> request.header("range")).toList(); }

    @Test
    void aCutConnectionIsTakenUpWhereItEnded() throws IOException {
        server.with(PATH, ShardServer.file(TAR, "\"1\""), ShardServer.said(head(100_000), TAR.length, "\"1\""));
        assertThat(fetched()).isEqualTo(TAR);
        assertThat(ranges()).hasSize(2);
        assertThat(ranges().getFirst()).isEmpty();
        assertThat(ranges().getLast()).matches("bytes=[1-9]\\d*-");
        assertThat(server.requests(PATH).getLast().header("if-range")).isEqualTo("\"1\"");
        assertThat(waits).hasSize(1);
    }

    @Test
    void whereNoPartsAreHandedOutItBeginsAnew() throws IOException {
        server.with(PATH, ShardServer.plain(TAR), ShardServer.said(head(200_000), TAR.length, ""),
                ShardServer.said(head(200_500), TAR.length, ""));
        assertThat(fetched()).isEqualTo(TAR);
        assertThat(server.requests(PATH)).hasSize(3);
    }

    @Test
    void aFileThatChangesMeanwhileIsTheNewOne() throws IOException {
        var other = ShardFiles.tar(2, 250_000);
        server.with(PATH, ShardServer.file(other, "\"2\""), ShardServer.said(head(100_000), TAR.length, "\"1\""));
        assertThat(fetched()).isEqualTo(other);
    }

    @Test
    void whatIsNotThereIsRefusedAtOnceByName() {
        assertThatThrownBy(this::find).isInstanceOf(UserError.class).hasMessageContaining(server.url(PATH)).hasMessageContaining("404");
        assertThat(server.requests(PATH)).hasSize(1);
        assertThat(waits).isEmpty();
        server.with("/b.tar", ShardServer.status("403 Forbidden", Map.of()));
        assertThatThrownBy(() -> store.find(ShardAddress.of(server.url("/b.tar?signature=secret")))).isInstanceOf(UserError.class)
                .hasMessageContaining("login").hasMessageContaining("/b.tar?…").hasMessageNotContaining("secret");
    }

    @Test
    void aServerThatIsBusyIsAskedAgainEverLater() throws IOException {
        var busy = ShardServer.status("503 Service Unavailable", Map.of());
        server.with(PATH, ShardServer.file(TAR, "\"1\""), busy, busy, ShardServer.status("500 Oops", Map.of()));
        assertThat(fetched()).isEqualTo(TAR);
        assertThat(waits).hasSize(3);
        for (int i = 0; i < 3; i++)
            assertThat(waits.get(i)).isBetween(FIRST_WAIT.multipliedBy(1 << i).dividedBy(2), FIRST_WAIT.multipliedBy(1 << i));
    }

    @Test
    void aServerThatStaysBusyIsGivenUp() {
        server.with(PATH, ShardServer.status("503 Service Unavailable", Map.of()));
        assertThatThrownBy(this::find).isInstanceOf(UserError.class).hasMessageContaining("503").hasMessageContaining("5 tries");
        assertThat(server.requests(PATH)).hasSize(5);
        assertThat(told).isNotEmpty().allMatch(line -> line.contains("once more in"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aServerIsAskedAgainWhenItSays(boolean asDate) throws IOException {
        var after = asDate ? DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(120)) : "90";
        server.with(PATH, ShardServer.file(TAR, "\"1\""), ShardServer.status("429 Too Many Requests", Map.of("Retry-After", after)));
        assertThat(fetched()).isEqualTo(TAR);
        assertThat(waits).hasSize(1);
        assertThat(waits.getFirst()).isBetween(Duration.ofSeconds(asDate ? 60 : 90), Duration.ofSeconds(120));
        server.with("/b.tar", ShardServer.status("429 Too Many Requests", Map.of("Retry-After", "86400")));
        assertThatThrownBy(() -> store.find(ShardAddress.of(server.url("/b.tar")))).isInstanceOf(UserError.class)
                .hasMessageContaining("86400 s");
    }

    @Test
    void aLengthThatIsNotKeptIsAnErrorAndNothingIsTakenForWhole() throws IOException {
        server.with(PATH, ShardServer.said(TAR, TAR.length + 5000L, ""));
        assertThatThrownBy(this::find).isInstanceOf(UserError.class).hasMessageContaining("5 tries");
        try (var files = Files.list(temp.resolve("shards"))) {
            assertThat(files).extracting(file -> file.getFileName().toString()).containsExactly("lock");
        }
    }

    @Test
    void aConnectionThatDeliversNothingIsGivenUpAndTakenUp() throws IOException {
        store.close();
        store = store(Duration.ofMillis(200));
        server.with(PATH, ShardServer.file(TAR, "\"1\""), ShardServer.stalling(TAR, 50_000, "\"1\""));
        assertThat(fetched()).isEqualTo(TAR);
        assertThat(ranges()).hasSize(2);
    }

    @Test
    void aServerThatIsNotThereIsNamed() throws IOException {
        server.close();
        assertThatThrownBy(this::find).isInstanceOf(UserError.class).hasMessageContaining("takes no connection");
        assertThat(waits).hasSize(4);
    }

    @Test
    void pagesAreNotTakenForArchives() throws IOException {
        server.with(PATH, ShardServer.plain("<!doctype html><title>Log in</title>".getBytes(StandardCharsets.UTF_8)));
        assertThatThrownBy(this::find).isInstanceOf(UserError.class).hasMessageContaining("web page").hasMessageContaining("tar archive");
        server.with(PATH, ShardServer.plain(ShardFiles.gzip("text".repeat(5000).getBytes(StandardCharsets.UTF_8))));
        assertThatThrownBy(this::find).isInstanceOf(UserError.class).hasMessageContaining("packed with gzip")
                .hasMessageContaining("a text");
    }

    @Test
    void otherPlacesAreFollowed() throws IOException {
        server.with(PATH, ShardServer.status("302 Found", Map.of("Location", server.url("/there.tar"))));
        server.with("/there.tar", ShardServer.file(TAR, "\"1\""), ShardServer.said(head(100), TAR.length, "\"1\""));
        assertThat(fetched()).isEqualTo(TAR);
    }

    @Test
    void whatHasNotChangedIsNotFetchedAgain() throws IOException {
        server.with(PATH, ShardServer.file(TAR, "\"1\""));
        assertThat(fetched()).isEqualTo(TAR);
        assertThat(fetched()).isEqualTo(TAR);
        assertThat(server.requests(PATH)).hasSize(2);
        assertThat(server.requests(PATH).getLast().header("if-none-match")).isEqualTo("\"1\"");
        assertThat(server.downloads()).isEqualTo(1);
        var other = ShardFiles.tar(2, 300_000);
        server.with(PATH, ShardServer.file(other, "\"2\""));
        assertThat(fetched()).as("another ETag").isEqualTo(other);
    }

    @Test
    void whereNothingIsSaidTheHeadTells() throws IOException {
        server.with(PATH, ShardServer.plain(TAR));
        assertThat(fetched()).isEqualTo(TAR);
        assertThat(fetched()).isEqualTo(TAR);
        assertThat(server.downloads()).isEqualTo(1);
        var other = ShardFiles.tar(2, 300_000);
        server.with(PATH, ShardServer.plain(other));
        assertThat(fetched()).as("as large").isEqualTo(other);
    }

    @Test
    void aShardThatChangesDuringARunEndsIt() throws IOException {
        server.with(PATH, ShardServer.file(TAR, "\"1\""));
        var shard = find();
        deleteCopies();
        server.with(PATH, ShardServer.file(ShardFiles.tar(2, 300_000), "\"2\""));
        assertThatThrownBy(() -> store.reading(shard, _ -> false, Files::readAllBytes)).isInstanceOf(UserError.class)
                .hasMessageContaining("another archive");
    }

    private void deleteCopies() throws IOException {
        try (var files = Files.newDirectoryStream(temp.resolve("shards"), "*.tar")) {
            for (var file : files) Files.delete(file);
        }
    }

    @Test
    void addressesThatCannotBeReadAreRefusedWithWhatCan() {
        assertThatThrownBy(() -> ShardAddress.of("s3://bucket/a.tar")).isInstanceOf(UserError.class).hasMessageContaining("pipe:aws s3 cp");
        assertThatThrownBy(() -> ShardAddress.of("https://me:secret@x/a.tar")).isInstanceOf(UserError.class)
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> ShardAddress.of("http://x/a b.tar")).isInstanceOf(UserError.class);
        assertThatThrownBy(() -> ShardAddress.of("pipe: ")).isInstanceOf(UserError.class);
        assertThat(ShardAddress.of("file:///x/a.tar")).isEqualTo(ShardAddress.of("/x/a.tar"));
        assertThat(List.of("x/a.tar", "x/a.tar.gz", "a.tgz", "a.tar.zst", "http://x/a.tar?y=1", "pipe:curl http://x/a.tar.gz | gunzip"))
                .allMatch(text -> ShardAddress.of(text).tarName().equals("a.tar"));
    }
}
