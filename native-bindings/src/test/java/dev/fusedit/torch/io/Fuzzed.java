package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Stream;

/// What all fuzz targets share: a file of any bytes is read, or refused by a [UserError] that names it. All else fails the target.
///
/// `mvn verify` replays the kept inputs. To search for new ones:
/// `JAZZER_FUZZ=1 mvn -pl native-bindings test -Dtest=GgufFuzzTest -Dfusedit.fuzz.args=-Djazzer.hooks=true`
final class Fuzzed {
    private static final int MOST_READ = 1 << 20;
    private static final Path MEMORY = Path.of("/dev/shm");

    private final Path file;
    private final Function<Path, TensorSource> format;

    Fuzzed(Function<Path, TensorSource> format) {
        this.format = format;
        try {
            var folder = Files.isWritable(MEMORY) ? Files.createTempDirectory(MEMORY, "fuzzed") : Files.createTempDirectory("fuzzed");
            folder.toFile().deleteOnExit(); // in reverse order: the folder last
            file = folder.resolve("file");
            list(Goldens.path("checkpoints/sharded")).forEach(shard -> copy(shard, folder));
            file.toFile().deleteOnExit();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// For an index to point at.
    private static void copy(Path shard, Path folder) {
        try {
            Files.copy(shard, folder.resolve(shard.getFileName())).toFile().deleteOnExit();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @param most how many times the file's size a tensor may have, where that is over 64 MiB
    void read(byte[] data, int most) {
        try {
            Files.write(file, data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (var source = format.apply(file)) {
            assertThat(source.metadata()).isNotNull();
            assertThat(FileInfo.of(source).tensors()).isEqualTo(source.names().size());
            source.tensors().values().forEach(info -> read(source, info, Math.max(64 << 20, (long) most * data.length)));
        } catch (UserError e) {
            assertThat(e).hasMessageStartingWith(file + ":"); // a line may follow
        }
    }

    private static void read(TensorSource source, TensorInfo listed, long most) {
        var info = source.loadable(listed.name());
        if (info.bytes() > most) {
            try (var _ = TensorScope.open()) {
                source.read(info.name());
                throw new AssertionError("%s was allocated from a file of %d bytes".formatted(info, most));
            } catch (UserError e) {
                return;
            }
        }
        if (info.bytes() <= MOST_READ) {
            try (var _ = TensorScope.open()) {
                assertThat(source.read(info.name()).shape()).isEqualTo(info.shape());
            }
        }
    }

    /// The goldens with one of the endings, as inputs to start from.
    static Stream<byte[]> seeds(String... endings) {
        return Stream.of("checkpoints", "checkpoints/corrupt", "checkpoints/sharded", "gguf").map(Goldens::path).flatMap(Fuzzed::list)
                .filter(path -> Arrays.stream(endings).anyMatch(path.toString()::endsWith)).map(Fuzzed::bytes);
    }

    private static Stream<Path> list(Path folder) {
        try (var files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(Path path) {
        try {
            return Files.readAllBytes(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
