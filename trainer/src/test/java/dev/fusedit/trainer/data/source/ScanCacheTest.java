package dev.fusedit.trainer.data.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScanCacheTest {
    @TempDir
    private Path temp;
    private int looked;

    private Path set() { return temp.resolve("set"); }

    @BeforeEach
    void images() throws IOException {
        Files.createDirectories(set());
        for (int i = 0; i < 4; i++) {
            var rgb = new byte[3 * 8 * 8];
            new Random(i).nextBytes(rgb);
            Files.write(set().resolve(i + ".png"), new PngImage(8, 8, rgb).png());
            if (i > 0) Files.writeString(set().resolve(i + ".txt"), "line one\n\"line\" two " + i);
        }
    }

    private SourceScan scan(Path cache, List<String> captions) {
        looked = 0;
        return new ScanCache(cache).scan(ImageFolder.open(set()), CaptionRule.firstOf(captions), ImageDecoding.STRICT, 2, _ -> looked++);
    }

    @Test
    void aSecondLookIsReadAndFindsTheSame() {
        var first = scan(temp.resolve("cache"), List.of("text"));
        assertThat(looked).isEqualTo(4);
        var again = scan(temp.resolve("cache"), List.of("text"));
        assertThat(looked).isZero();
        assertThat(again.good()).isEqualTo(first.good()).hasSize(3);
        assertThat(again.problems()).isEqualTo(first.problems()).hasSize(1);
        assertThat(again.captionCounts()).isEqualTo(first.captionCounts()).hasSize(1);
        assertThat(scan(temp.resolve("cache"), List.of("other")).good()).as("other captions").isEmpty();
    }

    @Test
    void whatHasChangedIsLookedAtAgain() throws IOException {
        scan(temp.resolve("cache"), List.of("text"));
        Files.setLastModifiedTime(set().resolve("2.txt"), FileTime.from(Instant.EPOCH));
        scan(temp.resolve("cache"), List.of("text"));
        assertThat(looked).as("a date").isEqualTo(4);
        Files.writeString(set().resolve("0.txt"), "now there");
        assertThat(scan(temp.resolve("cache"), List.of("text")).good()).hasSize(4);
    }

    @Test
    void aDamagedOrMissingCacheIsNoFault() throws IOException {
        var cache = temp.resolve("cache");
        var first = scan(cache, List.of("text"));
        var kept = cache.resolve(cache.toFile().list()[0]);
        var bytes = Files.readAllBytes(kept);
        for (int cut : new int[] {0, 3, bytes.length / 2, bytes.length - 1}) {
            Files.write(kept, Arrays.copyOf(bytes, cut));
            assertThat(scan(cache, List.of("text")).good()).isEqualTo(first.good());
            assertThat(looked).isEqualTo(4);
        }
        bytes[bytes.length / 2] ^= 1;
        Files.write(kept, bytes);
        assertThat(scan(cache, List.of("text")).good()).isEqualTo(first.good());
        assertThat(looked).isEqualTo(4);
        var file = Files.createFile(temp.resolve("file"));
        assertThat(scan(file, List.of("text")).good()).as("a cache that cannot be written").isEqualTo(first.good());
    }
}
