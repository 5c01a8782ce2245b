package dev.fusedit.trainer.data.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.CRC32;

record PngFile(ByteBuffer file, ImageSize size) implements ImageFile {
    private static final int SIGNATURE = 8;
    private static final int FRAME = 12;
    private static final int IHDR = 0x49484452;
    private static final int PLTE = 0x504c5445;
    private static final int TRNS = 0x74524e53;
    private static final int IDAT = 0x49444154;
    private static final int IEND = 0x49454e44;
    private static final int EXIF = 0x65584966;
    private static final int DEPTH = SIGNATURE + 16;
    private static final int COLOUR_TYPE = SIGNATURE + 17;
    private static final int GREY = 0;
    private static final int RGB = 2;
    private static final int PALETTE = 3;

    /// As much as deflate packs at most.
    private static final long MOST_PACKED = 1032;

    /// @param start of the data; the length is before it, then the type
    private record Chunk(int type, int start, int length) {
        int end() { return start + length + 4; }
    }

    static PngFile of(ByteBuffer file) throws BadImage {
        if (file.getInt(SIGNATURE + 4) != IHDR || file.getInt(SIGNATURE) != 13) throw new BadImage("it does not begin with its header");
        return new PngFile(file, ImageSize.of(file.getInt(SIGNATURE + 8) & 0xffffffffL, file.getInt(SIGNATURE + 12) & 0xffffffffL));
    }

    /// The chunks as far as they are there.
    private List<Chunk> chunks() {
        var chunks = new ArrayList<Chunk>();
        for (int at = SIGNATURE; file.limit() - at >= FRAME;) {
            var chunk = new Chunk(file.getInt(at + 4), at + 8, file.getInt(at));
            if (chunk.length < 0 || chunk.length > file.limit() - at - FRAME) break;
            chunks.add(chunk);
            if (chunk.type == IEND) break;
            at = chunk.end();
        }
        return chunks;
    }

    private ByteBuffer data(Chunk chunk) { return file.slice(chunk.start, chunk.length); }

    @Override
    public Orientation orientation() {
        return chunks().stream().filter(chunk -> chunk.type == EXIF).findFirst()
                .map(chunk -> Orientation.ofExif(data(chunk))).orElse(Orientation.UPRIGHT);
    }

    @Override
    public Optional<String> damage() {
        var chunks = chunks();
        for (var chunk : chunks) {
            var crc = new CRC32();
            crc.update(file.slice(chunk.start - 4, chunk.length + 4));
            if ((int) crc.getValue() != file.getInt(chunk.start + chunk.length)) {
                return Optional.of("its chunk at byte %d has another checksum than it says".formatted(chunk.start - 8));
            }
        }
        if (chunks.isEmpty() || chunks.getLast().type != IEND) return Optional.of("it ends before its end chunk");
        long packed = chunks.stream().filter(chunk -> chunk.type == IDAT).mapToLong(Chunk::length).sum();
        return size.pixels() * file.get(DEPTH) / 8 <= MOST_PACKED * packed ? Optional.empty()
                : Optional.of("it has fewer pixels than it says");
    }

    /// The transparent colour, which the reader is not told: it misses it at some depths.
    private int[] key() {
        int type = file.get(COLOUR_TYPE), channels = type == GREY ? 1 : type == RGB ? 3 : 0;
        var key = chunks().stream().filter(chunk -> chunk.type == TRNS && chunk.length == 2 * channels).findFirst();
        return key.map(chunk -> chunk.start).map(start -> {
            var samples = new int[channels];
            for (int i = 0; i < channels; i++) {
                samples[i] = file.getShort(start + 2 * i) & 0xffff;
            }
            return samples;
        }).orElse(new int[0]);
    }

    /// The reader has nothing to tell but of colours in its palette that no pixel can have.
    @Override
    public RgbImage read(ImageDecoding how, Consumer<String> warnings) throws IOException {
        return new DecodedRaster(ImageReaders.read("png", plain(), _ -> {}), key()).rgb(how);
    }

    /// The file with the chunks alone that pixels depend on.
    private byte[] plain() {
        var out = new ByteArrayOutputStream(file.limit());
        out.write(file.array(), 0, SIGNATURE);
        for (var chunk : chunks()) {
            if (isOfPixels(chunk.type)) out.write(file.array(), chunk.start - 8, chunk.length + FRAME);
        }
        return out.toByteArray();
    }

    private boolean isOfPixels(int type) {
        return switch (type) {
            case IHDR, PLTE, IDAT, IEND -> true;
            case TRNS -> file.get(COLOUR_TYPE) == PALETTE;
            default -> false;
        };
    }
}
