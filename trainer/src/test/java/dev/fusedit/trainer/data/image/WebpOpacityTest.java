package dev.fusedit.trainer.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.trainer.data.image.ImageDecoding.Alpha;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Opacity beside a lossy still, stored as it is: a form that encoders choose for noise.
class WebpOpacityTest {
    private static final int WIDTH = 40;
    private static final int HEIGHT = 33;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void opacityIsReadThroughEachFilter(int filter) {
        var still = GoldenImages.file("lossy.webp");
        var opacity = new byte[WIDTH * HEIGHT];
        new Random(filter).nextBytes(opacity);
        var file = ByteBuffer.allocate(12 + 18 + 8 + 2 + opacity.length + still.length - 12).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0x46464952).putInt(file.capacity() - 8).putInt(0x50424557);
        file.putInt(0x58385056).putInt(10).putInt(0x10).putShort((short) (WIDTH - 1)).put((byte) 0).putShort((short) (HEIGHT - 1))
                .put((byte) 0);
        file.putInt(0x48504c41).putInt(1 + opacity.length).put((byte) (filter << 2));
        for (int i = 0; i < opacity.length; i++) {
            file.put((byte) (opacity[i] - predicted(filter, opacity, i)));
        }
        file.put((byte) 0).put(still, 12, still.length - 12);

        var colours = ImageDecoder.decode(still, "still", ImageDecoding.STRICT).rgb();
        var over = ImageDecoder.decode(file.array(), "x", new ImageDecoding(Alpha.BLACK, true, true)).rgb();
        for (int i = 0; i < over.length; i++) {
            assertThat(over[i] & 255).isEqualTo((int) Math.round((colours[i] & 255) * (opacity[i / 3] & 255) / 255.0));
        }
    }

    private static int predicted(int filter, byte[] opacity, int i) {
        int x = i % WIDTH, y = i / WIDTH;
        if (filter == 0 || i == 0) return 0;
        if (x == 0) return opacity[i - WIDTH];
        if (y == 0) return opacity[i - 1];
        int left = opacity[i - 1] & 255, above = opacity[i - WIDTH] & 255, corner = opacity[i - WIDTH - 1] & 255;
        return switch (filter) {
            case 1 -> left;
            case 2 -> above;
            default -> Math.max(0, Math.min(255, left + above - corner));
        };
    }
}
