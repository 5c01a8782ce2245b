package dev.fusedit.trainer.data.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// A WebP still, or the first frame of an animation on its canvas.
///
/// The decoder is given stills of one chunk; what is around them (canvas, transparency of lossy ones) is done here.
record WebpFile(byte[] file, ImageSize size, Frame frame, Orientation orientation) implements ImageFile {
    private static final int COLOURS = 3;
    private static final int HEADER = 12;
    private static final int VP8 = 0x20385056;
    private static final int VP8L = 0x4c385056;
    private static final int VP8X = 0x58385056;
    private static final int ALPH = 0x48504c41;
    private static final int ANMF = 0x464d4e41;
    private static final int EXIF = 0x46495845;
    private static final int FRAME_HEADER = 16;
    private static final int LOSSLESS_HEADER = 5;
    private static final int OPAQUE = 255;

    /// @param data in the file's byte order
    private record Chunk(int type, ByteBuffer data) {
        /// Chunks one after the other; the last one may be cut.
        static List<Chunk> all(ByteBuffer from) {
            var chunks = new ArrayList<Chunk>();
            for (int at = 0; from.limit() - at >= 8;) {
                long length = Math.min(from.getInt(at + 4) & 0xffffffffL, from.limit() - at - 8);
                chunks.add(new Chunk(from.getInt(at), slice(from, at + 8, (int) length)));
                at += 8 + (int) length + (int) (length & 1);
            }
            return chunks;
        }

        boolean isStill() { return type == VP8 || type == VP8L; }

        /// Of a still.
        ImageSize size() throws BadImage {
            if (type == VP8) return ImageSize.of(data.getShort(6) & 0x3fff, data.getShort(8) & 0x3fff);
            int bits = data.getInt(1);
            return ImageSize.of((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
        }
    }

    /// @param alpha a chunk with the opacity of a lossy still
    private record Frame(int left, int top, ImageSize size, Chunk still, Optional<Chunk> alpha) {
        static Frame of(int left, int top, List<Chunk> chunks) throws BadImage {
            var still = find(chunks, Chunk::isStill).orElseThrow(() -> new BadImage("it has no image"));
            return new Frame(left, top, still.size(), still, find(chunks, chunk -> still.type == VP8 && chunk.type == ALPH));
        }
    }

    private static Optional<Chunk> find(List<Chunk> chunks, Predicate<Chunk> which) {
        return chunks.stream().filter(which).findFirst();
    }

    private static ByteBuffer slice(ByteBuffer from, int at, int length) { return from.slice(at, length).order(ByteOrder.LITTLE_ENDIAN); }

    private static int three(ByteBuffer from, int at) { return from.getShort(at) & 0xffff | (from.get(at + 2) & 0xff) << 16; }

    static WebpFile of(byte[] file) throws BadImage {
        var bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int end = (int) Math.min(8 + (bytes.getInt(4) & 0xffffffffL), file.length);
        var chunks = Chunk.all(slice(bytes, HEADER, Math.max(0, end - HEADER)));
        var extended = find(chunks, chunk -> chunk.type == VP8X);
        var animated = find(chunks, chunk -> chunk.type == ANMF);
        var frame = animated.isEmpty() ? Frame.of(0, 0, chunks) : animated(animated.get().data);
        var size = extended.isEmpty() ? frame.size
                : ImageSize.of(three(extended.get().data, 4) + 1L, three(extended.get().data, 7) + 1L);
        if (frame.left + frame.size.width() > size.width() || frame.top + frame.size.height() > size.height()) {
            throw new BadImage("its frame of %s is not inside its %s".formatted(frame.size, size));
        }
        var exif = find(chunks, chunk -> chunk.type == EXIF);
        return new WebpFile(file, size, frame, exif.map(chunk -> Orientation.ofExif(chunk.data)).orElse(Orientation.UPRIGHT));
    }

    private static Frame animated(ByteBuffer data) throws BadImage {
        var chunks = Chunk.all(slice(data, FRAME_HEADER, data.limit() - FRAME_HEADER));
        return Frame.of(2 * three(data, 0), 2 * three(data, 3), chunks);
    }

    @Override
    public Optional<String> damage() {
        long length = 8 + (ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(4) & 0xffffffffL);
        return length <= file.length ? Optional.empty() : Optional.of("it has %d bytes of %d".formatted(file.length, length));
    }

    @Override
    public RgbImage read(ImageDecoding how, Consumer<String> warnings) throws IOException {
        var raster = still(frame.still.type, frame.still.data, warnings).getRaster();
        int width = frame.size.width(), height = frame.size.height(), bands = raster.getNumBands();
        var rgb = new byte[COLOURS * width * height];
        var row = new int[bands * width];
        var opacity = frame.alpha.isPresent() ? opacity(frame.alpha.get().data, warnings) : new byte[bands > COLOURS ? width * height : 0];
        for (int i = 0; i < width * height; i++) {
            int x = i % width;
            if (x == 0) raster.getPixels(0, i / width, width, 1, row);
            for (int c = 0; c < COLOURS; c++) {
                rgb[COLOURS * i + c] = (byte) row[bands * x + c];
            }
            if (bands > COLOURS) opacity[i] = (byte) row[bands * x + COLOURS];
        }
        if (frame.still.type == VP8) WebpChroma.smooth(rgb, width, height);
        var canvas = new RgbCanvas(size, how.alpha());
        for (int i = 0; i < width * height; i++) {
            canvas.set(frame.left + i % width, frame.top + i / width, rgb[COLOURS * i] & 0xff, rgb[COLOURS * i + 1] & 0xff,
                    rgb[COLOURS * i + 2] & 0xff, opacity.length > 0 ? opacity[i] & 0xff : OPAQUE);
        }
        return canvas.image();
    }

    private BufferedImage still(int type, ByteBuffer data, Consumer<String> warnings) throws IOException {
        int length = data.limit();
        var out = ByteBuffer.allocate(20 + length + (length & 1)).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(0x46464952).putInt(12 + length + (length & 1)).putInt(0x50424557).putInt(type).putInt(length).put(data.duplicate());
        return ImageReaders.readWebp(out.array(), warnings);
    }

    /// The opacity of each pixel: stored as it is, or as the green of a lossless image without header; in both cases perhaps as what it
    /// differs from its neighbours.
    private byte[] opacity(ByteBuffer data, Consumer<String> warnings) throws IOException {
        int width = frame.size.width(), height = frame.size.height(), flags = data.get(0);
        var opacity = new byte[width * height];
        if ((flags & 3) == 0) {
            data.get(1, opacity);
        } else {
            var lossless = ByteBuffer.allocate(LOSSLESS_HEADER + data.limit() - 1).order(ByteOrder.LITTLE_ENDIAN);
            lossless.put((byte) 0x2f).putInt(width - 1 | height - 1 << 14).put(data.slice(1, data.limit() - 1)).flip();
            var raster = still(VP8L, lossless, warnings).getRaster();
            for (int i = 0; i < opacity.length; i++) {
                opacity[i] = (byte) raster.getSample(i % width, i / width, 1);
            }
        }
        for (int i = 0; i < opacity.length; i++) {
            opacity[i] += (byte) predicted(flags >> 2 & 3, opacity, i, width);
        }
        return opacity;
    }

    private static int predicted(int filter, byte[] opacity, int i, int width) {
        int left = i % width == 0 ? 0 : opacity[i - 1] & 0xff, above = i < width ? 0 : opacity[i - width] & 0xff;
        if (filter == 0) return 0;
        if (i % width == 0) return above;
        if (i < width) return left;
        return filter == 1 ? left : filter == 2 ? above : Math.clamp(left + above - (opacity[i - width - 1] & 0xff), 0, OPAQUE);
    }
}
