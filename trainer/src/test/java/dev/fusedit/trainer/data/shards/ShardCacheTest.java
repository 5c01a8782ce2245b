package dev.fusedit.trainer.data.shards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardCacheTest {
    private static final int SHARDS = 8;
    private static final int SIZE = 100_000;
    private static final HttpPatience PATIENCE = new HttpPatience(3, Duration.ofSeconds(20), Duration.ofMillis(1));

    private final List<ShardStore> open = new ArrayList<>();
    private ShardServer server;

    @TempDir
    private Path temp;

    @BeforeEach
    void serve() throws IOException {
        server = new ShardServer();
        for (int i = 0; i < SHARDS; i++) server.with("/" + i + ".tar", ShardServer.file(tar(i), "\"" + i + "\""));
    }

    @AfterEach
    void close() throws IOException {
        open.forEach(ShardStore::close);
        server.close();
    }

    private static byte[] tar(int number) { return ShardFiles.tar(number, SIZE); }

    private static ShardSettings settings(Path folder, long limit) {
        return new ShardSettings(folder, limit, PATIENCE, Pipes.REFUSED, _ -> {});
    }

    private ShardStore store(long limit) {
        var store = new ShardStore(settings(temp, limit));
        open.add(store);
        return store;
    }

    private static List<Shard> find(ShardStore store, String server) {
        return IntStream.range(0, SHARDS).mapToObj(i -> store.find(ShardAddress.of(server + "/" + i + ".tar"))).toList();
    }

    private static byte[] read(ShardStore store, Shard shard) throws IOException {
        return store.reading(shard, _ -> false, Files::readAllBytes);
    }

    private long taken() throws IOException {
        long bytes = 0;
        try (var files = Files.newDirectoryStream(temp, "*.{tar,part}")) {
            for (var file : files) bytes += Files.size(file);
        }
        return bytes;
    }

    private List<Path> copies() throws IOException {
        try (var files = Files.list(temp)) {
            return files.filter(file -> file.toString().endsWith(".tar")).sorted().toList();
        }
    }

    @Test
    void aSetLargerThanTheCacheIsReadByFetchingAgain() throws IOException {
        long limit = 3L * tar(0).length + 1000;
        var store = store(limit);
        var shards = find(store, server.url(""));
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < SHARDS; i++) {
                assertThat(read(store, shards.get(i))).isEqualTo(tar(i));
                assertThat(taken()).isLessThanOrEqualTo(limit);
            }
        }
        assertThat(server.downloads()).isGreaterThan(SHARDS);
        assertThat(copies()).hasSize(3);
    }

    @Test
    void theOneThatWasUsedLongestAgoGoes() throws IOException {
        var store = store(3L * tar(0).length);
        var shards = IntStream.range(0, 3).mapToObj(i -> store.find(ShardAddress.of(server.url("/" + i + ".tar")))).toList();
        for (var copy : copies()) Files.setLastModifiedTime(copy, FileTime.from(Instant.now().minusSeconds(100)));
        var used = copy(shards.get(1));
        Files.setLastModifiedTime(copy(shards.get(0)), FileTime.from(Instant.now().minusSeconds(50)));
        store(3L * tar(0).length).reading(shards.get(1), _ -> false, _ -> true);
        store.find(ShardAddress.of(server.url("/3.tar")));
        assertThat(copy(shards.get(2))).doesNotExist();
        assertThat(used).exists();
        store.reading(shards.get(2), key -> key.equals(((Shard.Fetched) shards.get(0)).key()), _ -> true);
        assertThat(copy(shards.get(0))).as("rather kept").exists();
    }

    private Path copy(Shard shard) {
        var fetched = (Shard.Fetched) shard;
        return temp.resolve(fetched.key() + "." + fetched.facts().sha256().substring(0, 16) + ".tar");
    }

    @Test
    void whatIsBeingReadDoesNotGo() throws Exception {
        var store = store(tar(0).length);
        var shard = store.find(ShardAddress.of(server.url("/0.tar")));
        try (var other = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Shard> waiting = store.reading(shard, _ -> false, tar -> {
                var coming = other.submit(() -> store.find(ShardAddress.of(server.url("/1.tar"))));
                while (server.requests("/1.tar").size() < 2) Thread.onSpinWait(); // it has tried, and waits for room
                assertThat(tar).exists();
                assertThat(Files.readAllBytes(tar)).isEqualTo(tar(0));
                assertThat(coming.isDone()).isFalse();
                return coming;
            });
            assertThat(read(store, waiting.get())).isEqualTo(tar(1));
        }
        assertThat(copies()).hasSize(1);
    }

    @Test
    void aCacheTooSmallForOneShardSaysSo() {
        assertThatThrownBy(() -> store(SIZE / 2).find(ShardAddress.of(server.url("/0.tar")))).isInstanceOf(UserError.class)
                .hasMessageContaining("data.cache.limit");
    }

    @Test
    void manyWritersAtOnceKeepTheLimitAndGetOn() throws Exception {
        long limit = 2L * tar(0).length - 1; // no two at once
        var store = store(limit);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var coming = IntStream.range(0, SHARDS)
                    .mapToObj(i -> threads.submit(() -> read(store, store.find(ShardAddress.of(server.url("/" + i + ".tar")))))).toList();
            for (int i = 0; i < SHARDS; i++) assertThat(coming.get(i).get()).isEqualTo(tar(i));
        }
        assertThat(taken()).isLessThanOrEqualTo(limit);
    }

    @Test
    void anInterruptHarmsNobodyElse() throws Exception {
        var store = store(1 << 24);
        var shard = store.find(ShardAddress.of(server.url("/0.tar")));
        var stopped = Thread.ofPlatform().start(() -> {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> store.find(ShardAddress.of(server.url("/1.tar")))).isInstanceOf(UserError.class);
        });
        stopped.join();
        assertThat(read(store, shard)).isEqualTo(tar(0));
        assertThat(read(store, store.find(ShardAddress.of(server.url("/1.tar"))))).isEqualTo(tar(1));
    }

    @Test
    void whatIsNotWholeIsNotTakenForIt() throws IOException {
        var store = store(1 << 24);
        var shard = store.find(ShardAddress.of(server.url("/0.tar")));
        Files.write(copy(shard), new byte[100]);
        assertThat(read(store, shard)).isEqualTo(tar(0));
        Files.delete(copy(shard));
        Files.write(temp.resolve(((Shard.Fetched) shard).key() + ".part"), tar(0));
        Files.writeString(temp.resolve(((Shard.Fetched) shard).key() + ".json"), "{\"bytes\": 1");
        var again = store.find(ShardAddress.of(server.url("/0.tar")));
        assertThat(read(store, again)).isEqualTo(tar(0));
        assertThat(server.downloads()).isEqualTo(3);
        assertThat(copies()).hasSize(1);
    }

    @Test
    void partsThatDeadProcessesLeftGo() throws IOException {
        long limit = 2L * tar(0).length;
        Files.write(temp.resolve("0123456789abcdef.part"), new byte[(int) limit]);
        var store = store(limit);
        assertThat(read(store, store.find(ShardAddress.of(server.url("/0.tar"))))).isEqualTo(tar(0));
        assertThat(temp.resolve("0123456789abcdef.part")).doesNotExist();
        try (var files = Files.newDirectoryStream(temp, "*.part")) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void twoProcessesShareIt() throws Exception {
        var other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx200m", "-cp",
                System.getProperty("java.class.path"), OtherProcess.class.getName(), temp.toString(), server.url(""))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var here = hashes(store(1 << 24), server.url(""));
        try (var out = other.inputReader()) {
            assertThat(out.lines().toList()).isEqualTo(here);
        }
        assertThat(other.waitFor()).isZero();
        assertThat(server.downloads()).as("each once").isEqualTo(SHARDS);
    }

    @Test
    void twoProcessesWithoutRoomForAllShareIt() throws Exception {
        long limit = 2L * tar(0).length;
        var other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx200m", "-cp",
                System.getProperty("java.class.path"), OtherProcess.class.getName(), temp.toString(), server.url(""), Long.toString(limit))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var here = hashes(store(limit), server.url(""));
        try (var out = other.inputReader()) {
            assertThat(out.lines().toList()).isEqualTo(here);
        }
        assertThat(taken()).isLessThanOrEqualTo(limit);
    }

    private static List<String> hashes(ShardStore store, String server) throws IOException {
        var hashes = new ArrayList<String>();
        for (var shard : find(store, server)) hashes.add(Hashing.sha256().hashBytes(read(store, shard)).toString());
        return hashes;
    }

    /// Reads all shards with a process of its own.
    static final class OtherProcess {
        private OtherProcess() {}

        public static void main(String[] args) throws IOException {
            try (var store = new ShardStore(settings(Path.of(args[0]), args.length > 2 ? Long.parseLong(args[2]) : 1 << 24))) {
                hashes(store, args[1]).forEach(System.out::println);
            }
        }
    }
}
