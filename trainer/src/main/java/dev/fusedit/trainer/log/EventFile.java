package dev.fusedit.trainer.log;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;

/// An event file of TensorBoard's: records in TFRecord's framing, each an `Event` message (`tensorflow/core/util/event.proto`).
///
/// A file is never continued. A run that goes on after step n opens a new one, which tells TensorBoard to drop what earlier files say of
/// the steps after n: those are done again. Each event is with the file system as soon as it is written.
public final class EventFile implements AutoCloseable {
    private static final int MOST_FILES_A_SECOND = 10_000;
    private static final int RGB = 3;

    // Event
    private static final int WALL_TIME = 1, STEP = 2, FILE_VERSION = 3, SUMMARY = 5, SESSION_LOG = 7;
    // SessionLog
    private static final int STATUS = 1, START = 1;
    // Summary and Summary.Value
    private static final int VALUE = 1, TAG = 1, SIMPLE_VALUE = 2, IMAGE = 4;
    // Summary.Image
    private static final int HEIGHT = 1, WIDTH = 2, COLORSPACE = 3, ENCODED = 4;

    private final Path file;
    private final FileChannel out;

    private EventFile(Path file, FileChannel out) {
        this.file = file;
        this.out = out;
    }

    /// A new file in a folder, which is made if it is not there.
    ///
    /// @param step after which it goes on; what earlier files say of later steps is void
    /// @throws UserError if it cannot be written
    public static EventFile create(Path folder, long step) {
        try {
            Files.createDirectories(folder);
            var result = create(folder);
            result.write(result.event(0).text(FILE_VERSION, "brain.Event:2"));
            result.write(result.event(step + 1).message(SESSION_LOG, new Protobuf().integer(STATUS, START)));
            return result;
        } catch (IOException e) {
            throw WriteFailure.of("event files in " + folder, e);
        }
    }

    /// TensorBoard reads a folder's files in the order of their names.
    private static EventFile create(Path folder) throws IOException {
        long seconds = System.currentTimeMillis() / 1000;
        for (int i = 0; i < MOST_FILES_A_SECOND; i++) {
            var file = folder.resolve(String.format(Locale.ROOT, "events.out.tfevents.%010d.fusedit.%04d", seconds, i));
            try {
                return new EventFile(file, FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
            } catch (FileAlreadyExistsException _) {
                // the next number
            }
        }
        throw new FileAlreadyExistsException(folder.toString());
    }

    /// Numbers of a step, by their tags; `train/loss` stands in the group `train`.
    public void scalars(long step, Map<String, Double> values) {
        var summary = new Protobuf();
        values.forEach((tag, value) -> summary.message(VALUE,
                new Protobuf().text(TAG, tag).number(SIMPLE_VALUE, value.floatValue())));
        write(event(step).message(SUMMARY, summary));
    }

    public void image(long step, String tag, PngImage pixels) {
        var image = new Protobuf().integer(HEIGHT, pixels.height()).integer(WIDTH, pixels.width()).integer(COLORSPACE, RGB)
                .bytes(ENCODED, pixels.png());
        write(event(step).message(SUMMARY, new Protobuf().message(VALUE, new Protobuf().text(TAG, tag).message(IMAGE, image))));
    }

    private Protobuf event(long step) { return new Protobuf().number(WALL_TIME, System.currentTimeMillis() / 1000.0).integer(STEP, step); }

    /// Length, its checksum, the message, its checksum.
    private void write(Protobuf event) {
        var data = event.bytes();
        var length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length).array();
        var framed = ByteBuffer.allocate(length.length + data.length + 2 * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        framed.put(length).putInt(maskedCrc(length)).put(data).putInt(maskedCrc(data)).flip();
        try {
            while (framed.hasRemaining()) out.write(framed);
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
    }

    /// A checksum over data that holds checksums is a weak one; turned and shifted it is not.
    static int maskedCrc(byte[] data) {
        var crc = new CRC32C();
        crc.update(data);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
    }
}
