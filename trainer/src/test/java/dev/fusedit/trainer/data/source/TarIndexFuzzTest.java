package dev.fusedit.trainer.data.source;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.github.luben.zstd.Zstd;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.shards.Unpacking;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.params.provider.MethodSource;

/// Any bytes as a shard have samples that lie within them, and what is broken is said; any bytes as a packed shard are unpacked as far as they
/// go, or are refused by a [UserError] or an [IOException].
class TarIndexFuzzTest {
    private static final Path FILE = FuzzedFiles.file("fuzzed.tar");
    /// Of what is unpacked; a few bytes may promise any number.
    private static final int MOST_UNPACKED = 1 << 20;

    static Stream<byte[]> seeds() throws IOException {
        var plain = tar(TarArchiveOutputStream.LONGFILE_GNU, "a.jpg", "a.txt", "b/" + "c".repeat(120) + ".jpg", "__m__/x", ".hidden");
        var posix = tar(TarArchiveOutputStream.LONGFILE_POSIX, "ä".repeat(80) + ".jpg", "a.b.c", "a.b.c");
        var zipped = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(zipped)) {
            out.write(plain);
        }
        return Stream.of(plain, posix, zipped.toByteArray(), Zstd.compress(posix), Arrays.copyOf(plain, plain.length - 700),
                Arrays.copyOf(zipped.toByteArray(), zipped.size() - 20), new byte[0], new byte[1024]);
    }

    private static byte[] tar(int longNames, String... names) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(bytes, 512, StandardCharsets.UTF_8.name())) {
            tar.setLongFileMode(longNames);
            tar.setAddPaxHeadersForNonAsciiNames(true);
            for (var name : names) {
                var entry = new TarArchiveEntry(name);
                var content = name.getBytes(StandardCharsets.UTF_8);
                entry.setSize(content.length);
                tar.putArchiveEntry(entry);
                tar.write(content);
                tar.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyShard(byte[] data) throws IOException {
        Files.write(FILE, data);
        var index = TarIndex.of(FILE);
        for (var sample : index.samples()) {
            assertThat(sample.names()).isNotEmpty().doesNotHaveDuplicates();
            for (int field = 0; field < sample.names().size(); field++) {
                var place = sample.place(field);
                assertThat(place.begin()).isBetween(512L, (long) data.length);
                assertThat(place.bytes()).isBetween(0L, data.length - place.begin());
            }
        }
        assertThat(index.broken()).as("of a file that is no tar").satisfiesAnyOf(broken -> assertThat(broken).isNotBlank(),
                broken -> assertThat(data.length % 512).isZero());
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyPackedShard(byte[] data) {
        try (var archive = Unpacking.of(new ByteArrayInputStream(data), "fuzzed.tar.gz")) {
            var unpacked = archive.tar().readNBytes(MOST_UNPACKED);
            if (!archive.packed()) assertThat(unpacked).isEqualTo(Arrays.copyOf(data, Math.min(data.length, MOST_UNPACKED)));
        } catch (UserError e) {
            assertThat(e).hasMessageStartingWith("fuzzed.tar.gz");
        } catch (IOException _) { // damaged, as who fetches it says
        }
    }
}
