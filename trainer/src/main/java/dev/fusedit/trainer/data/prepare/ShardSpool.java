package dev.fusedit.trainer.data.prepare;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The images of a shard on the disk, in the order in which they came, until all are there. Any thread may add. Whoever opens it closes it, and
/// then it is gone.
final class ShardSpool implements AutoCloseable {
    private final FileChannel channel;
    private long end;

    record Place(long begin, int bytes) {}

    ShardSpool(Path file) throws IOException {
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.READ,
                StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    synchronized Place add(byte[] bytes) throws IOException {
        var place = new Place(end, bytes.length);
        var rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) end += channel.write(rest, end);
        return place;
    }

    byte[] read(Place place) throws IOException {
        var bytes = ByteBuffer.allocate(place.bytes());
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, place.begin() + bytes.position()) < 0) throw new IOException("the images of a shard are cut short");
        }
        return bytes.array();
    }

    @Override
    public void close() throws IOException { channel.close(); }
}
