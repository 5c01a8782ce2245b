package dev.fusedit.trainer.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The files are decoded by the rules of TFRecord and protobuf; `src/test/python/tensorboard_events.py` reads them with TensorBoard's
/// package.
class EventFileTest {
    @TempDir
    private Path folder;

    // ---- a decoder of its own

    /// Fields of a message by number: numbers, doubles (wire type 1), floats (5) and byte strings.
    private record Message(Map<Integer, List<Object>> fields) {
        static Message of(byte[] bytes) {
            var fields = new LinkedHashMap<Integer, List<Object>>();
            var in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            while (in.hasRemaining()) {
                long tag = varint(in);
                Object value = switch ((int) (tag & 7)) {
                    case 0 -> varint(in);
                    case 1 -> in.getDouble();
                    case 2 -> {
                        var content = new byte[(int) varint(in)];
                        in.get(content);
                        yield content;
                    }
                    case 5 -> in.getFloat();
                    default -> throw new AssertionError("wire type " + (tag & 7));
                };
                fields.computeIfAbsent((int) (tag >>> 3), _ -> new ArrayList<>()).add(value);
            }
            return new Message(fields);
        }

        private static long varint(ByteBuffer in) {
            long value = 0;
            for (int shift = 0;; shift += 7) {
                byte next = in.get();
                value |= (next & 0x7FL) << shift;
                if (next >= 0) return value;
            }
        }

        Object one(int field) {
            assertThat(fields.get(field)).as("field %s of %s", field, fields.keySet()).hasSize(1);
            return fields.get(field).getFirst();
        }

        Message message(int field) { return of((byte[]) one(field)); }

        String text(int field) { return new String((byte[]) one(field), StandardCharsets.UTF_8); }
    }

    private static List<Message> events(Path file) throws IOException {
        var in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        var events = new ArrayList<Message>();
        while (in.hasRemaining()) {
            var length = new byte[8];
            in.get(length);
            assertThat(in.getInt()).isEqualTo(masked(length));
            var data = new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
            in.get(data);
            assertThat(in.getInt()).isEqualTo(masked(data));
            events.add(Message.of(data));
        }
        return events;
    }

    /// As TensorFlow's `crc32c.h` writes it: `((crc >> 15) | (crc << 17)) + 0xa282ead8`.
    private static int masked(byte[] data) {
        var crc = new CRC32C();
        crc.update(data);
        long value = crc.getValue();
        return (int) (((value >>> 15 | value << 17) & 0xFFFFFFFFL) + 0xa282ead8L);
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(folder.resolve("events"))) {
            return files.sorted().toList();
        }
    }

    // ---- tests

    @Test
    void scalarsAndImagesAreReadBack() throws IOException {
        double before = System.currentTimeMillis() / 1000.0;
        var pixels = new PngImage(2, 3, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, -1});
        try (var file = EventFile.create(folder.resolve("events"), 0)) {
            file.scalars(300, ImmutableMap.of("train/loss", 1.5, "train/é", Double.NaN));
            file.image(1L << 40, "preview", pixels);
        }
        var events = events(files().getFirst());
        assertThat(events).hasSize(4);
        assertThat(events.getFirst().text(3)).isEqualTo("brain.Event:2");
        for (var event : events) assertThat((double) event.one(1)).isCloseTo(before, within(60.0));

        assertThat(events.get(2).one(2)).isEqualTo(300L);
        var values = events.get(2).message(5).fields().get(1).stream().map(value -> Message.of((byte[]) value)).toList();
        assertThat(values).extracting(value -> value.text(1)).containsExactly("train/loss", "train/é");
        assertThat(values).extracting(value -> value.one(2)).containsExactly(1.5f, Float.NaN);

        assertThat(events.get(3).one(2)).isEqualTo(1L << 40);
        var image = events.get(3).message(5).message(1).message(4);
        assertThat(List.of(image.one(1), image.one(2), image.one(3))).containsExactly(3L, 2L, 3L);
        var decoded = ImageIO.read(new ByteArrayInputStream((byte[]) image.one(4)));
        assertThat(decoded.getRGB(1, 2) & 0xFFFFFF).isEqualTo(0x1011FF);
    }

    @Test
    void aRunThatGoesOnDropsWhatItDoesAgain() throws IOException {
        for (long step : new long[] {0, 17, 17}) {
            try (var file = EventFile.create(folder.resolve("events"), step)) {
                file.scalars(step + 1, Map.of("x", 1.0));
            }
        }
        assertThat(files()).as("in the order of their names").hasSize(3);
        var started = events(files().getLast()).get(1);
        assertThat(started.one(2)).as("the first step that is done again").isEqualTo(18L);
        assertThat(started.message(7).one(1)).as("SessionLog.START").isEqualTo(1L);
    }

    @Test
    void aPlaceThatCannotBeWrittenToIsNamed() throws IOException {
        var file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> EventFile.create(file, 0)).isInstanceOf(UserError.class).hasMessageContaining(file.toString());
    }
}
