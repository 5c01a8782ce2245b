package dev.fusedit.trainer.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.common.io.ByteStreams;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever stands in a text chunk is read, or refused with a reason; in all three kinds.
class PngTextFuzzTest {
    private static final String[] TYPES = {"tEXt", "zTXt", "iTXt"};

    private static byte[] packed(byte[] text) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DeflaterOutputStream(bytes)) {
            out.write(text);
        }
        return bytes.toByteArray();
    }

    private static byte[] joined(String begin, byte[] rest) {
        var out = ByteStreams.newDataOutput();
        out.write(begin.getBytes(StandardCharsets.ISO_8859_1));
        out.write(rest);
        return out.toByteArray();
    }

    /// An image of one pixel with this chunk in it, whose check sum is right.
    private static byte[] png(String type, byte[] data) {
        var chunk = joined(type, data);
        var crc = new CRC32();
        crc.update(chunk);
        var plain = new PngImage(1, 1, new byte[3]).png();
        var out = ByteStreams.newDataOutput();
        out.write(plain, 0, 33);
        out.writeInt(data.length);
        out.write(chunk);
        out.writeInt((int) crc.getValue());
        out.write(plain, 33, plain.length - 33);
        return out.toByteArray();
    }

    static Stream<byte[]> seeds() throws IOException {
        var packed = packed("caf\u00e9".getBytes(StandardCharsets.UTF_8));
        return Stream.of(joined("fusedit\0", "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1)), joined("fusedit\0\0", packed),
                joined("fusedit\0\0\0\0\0", "caf\u00e9".getBytes(StandardCharsets.UTF_8)), joined("fusedit\0\1\0\0\0", packed), new byte[0],
                joined("no end", new byte[0]));
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "1m")
    void anyBytes(byte[] data) {
        for (var type : TYPES) {
            try {
                assertThat(PngText.read(png(type, data))).hasSize(1);
            } catch (IOException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        }
    }

    @Test
    void allKindsAreRead() throws IOException {
        var seeds = seeds().toList();
        var read = Map.of("fusedit", "caf\u00e9");
        assertThat(PngText.read(png("tEXt", seeds.get(0)))).isEqualTo(read);
        assertThat(PngText.read(png("iTXt", seeds.get(2)))).isEqualTo(read);
        assertThat(PngText.read(png("iTXt", seeds.get(3)))).isEqualTo(read);
        assertThat(PngText.read(png("zTXt", joined("fusedit\0\0", packed("caf\u00e9".getBytes(StandardCharsets.ISO_8859_1))))))
                .isEqualTo(read);
        assertThat(PngText.read(new PngImage(1, 1, new byte[3]).png(read))).isEqualTo(read);
    }

    @Test
    void aTextThatUnpacksToGigabytesIsRefused() throws IOException {
        var bomb = png("zTXt", joined("fusedit\0\0", packed(new byte[20 << 20])));
        assertThat(bomb.length).isLessThan(100_000);
        assertThatThrownBy(() -> PngText.read(bomb)).isInstanceOf(IOException.class).hasMessageContaining("16 MiB");
    }
}
