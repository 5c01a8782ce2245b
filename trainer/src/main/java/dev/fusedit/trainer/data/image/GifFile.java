package dev.fusedit.trainer.data.image;

import dev.fusedit.trainer.data.image.ImageDecoding.Alpha;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/// The first frame of a GIF file on its canvas.
///
/// @param colours where the frame's colours begin and how many there are; none: greys
/// @param transparent the index of the transparent colour
/// @param frame where the first frame's descriptor begins
record GifFile(ByteBuffer file, ImageSize size, Palette colours, OptionalInt transparent, int frame) implements ImageFile {
    private static final int COLOURS = 3;
    private static final int GLOBAL_COLOURS = 13;
    private static final int EXTENSION = 0x21;
    private static final int CONTROL = 0xf9;
    private static final int IMAGE = 0x2c;
    private static final int TRAILER = 0x3b;
    private static final int DESCRIPTOR = 10;
    private static final int HAS_COLOURS = 0x80;
    private static final int INTERLACED = 0x40;
    private static final int OPAQUE = 255;

    private record Palette(int start, int count) {
        static Palette of(int flags, int start) { return new Palette(start, (flags & HAS_COLOURS) == 0 ? 0 : 2 << (flags & 7)); }

        int end() { return start + COLOURS * count; }
    }

    static GifFile of(byte[] bytes) throws BadImage {
        var file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        var colours = Palette.of(file.get(10), GLOBAL_COLOURS);
        var transparent = OptionalInt.empty();
        int at = colours.end();
        while (file.get(at) != IMAGE) {
            if (file.get(at) != EXTENSION) throw new BadImage("it has no image");
            if ((file.get(at + 1) & 0xff) == CONTROL) {
                transparent = (file.get(at + 3) & 1) == 0 ? OptionalInt.empty() : OptionalInt.of(file.get(at + 6) & 0xff);
            }
            at = afterBlocks(file, at + 2);
        }
        var own = Palette.of(file.get(at + 9), at + DESCRIPTOR);
        var size = ImageSize.of(Math.max(file.getShort(6) & 0xffff, (file.getShort(at + 1) & 0xffff) + (file.getShort(at + 5) & 0xffff)),
                Math.max(file.getShort(8) & 0xffff, (file.getShort(at + 3) & 0xffff) + (file.getShort(at + 7) & 0xffff)));
        return new GifFile(file, size, own.count > 0 ? own : colours, transparent, at);
    }

    /// Where the blocks of data end that begin here.
    private static int afterBlocks(ByteBuffer file, int from) {
        int at = from;
        while (file.get(at) != 0) {
            at += 1 + (file.get(at) & 0xff);
        }
        return at + 1;
    }

    private static int data(ByteBuffer file, int frame) { return Palette.of(file.get(frame + 9), frame + DESCRIPTOR).end(); }

    @Override
    public Orientation orientation() { return Orientation.UPRIGHT; }

    @Override
    public Optional<String> damage() {
        try {
            int at = frame;
            while (file.get(at) != TRAILER) {
                switch (file.get(at)) {
                    case EXTENSION -> at = afterBlocks(file, at + 2);
                    case IMAGE -> at = afterBlocks(file, data(file, at) + 1);
                    default -> {
                        return Optional.of("there are bytes between its blocks that belong to none");
                    }
                }
            }
            return Optional.empty();
        } catch (IndexOutOfBoundsException _) {
            return Optional.of("it ends before its trailer");
        }
    }

    @Override
    public RgbImage read(ImageDecoding how, Consumer<String> warnings) throws BadImage {
        var canvas = new RgbCanvas(size, how.alpha());
        if (how.alpha() == Alpha.DROP) fill(canvas);
        int width = file.getShort(frame + 5) & 0xffff, height = file.getShort(frame + 7) & 0xffff;
        int left = file.getShort(frame + 1) & 0xffff, top = file.getShort(frame + 3) & 0xffff;
        var lzw = new GifLzw(file.get(data(file, frame)), blocks());
        var indices = lzw.decode(width * height);
        if (lzw.count() < indices.length) warnings.accept("it has fewer pixels than it says");
        var isInterlaced = (file.get(frame + 9) & INTERLACED) != 0;
        for (int row = 0; row < height; row++) {
            int y = top + (isInterlaced ? interlaced(row, height) : row);
            for (int x = 0; x < width; x++) {
                set(canvas, left + x, y, indices[row * width + x] & 0xff);
            }
        }
        return canvas.image();
    }

    private byte[] blocks() {
        var out = new ByteArrayOutputStream();
        int at = data(file, frame) + 1;
        while (at < file.limit() && file.get(at) != 0) {
            int length = Math.min(file.get(at) & 0xff, file.limit() - at - 1);
            out.write(file.array(), at + 1, length);
            at += 1 + length;
        }
        return out.toByteArray();
    }

    /// As Pillow has what no frame covers.
    private void fill(RgbCanvas canvas) {
        for (int y = 0; y < size.height(); y++) {
            for (int x = 0; x < size.width(); x++) {
                set(canvas, x, y, transparent.orElse(0));
            }
        }
    }

    private void set(RgbCanvas canvas, int x, int y, int index) {
        var opacity = transparent.isPresent() && transparent.getAsInt() == index ? 0 : OPAQUE;
        int at = colours.start + COLOURS * index;
        if (colours.count == 0) {
            canvas.set(x, y, index, index, index, opacity);
        } else if (index >= colours.count) {
            canvas.set(x, y, 0, 0, 0, opacity);
        } else {
            canvas.set(x, y, file.get(at) & 0xff, file.get(at + 1) & 0xff, file.get(at + 2) & 0xff, opacity);
        }
    }

    /// The place of a stored row: every eighth from 0, every eighth from 4, every fourth from 2, every second from 1.
    private static int interlaced(int row, int height) {
        int eighths = (height + 7) / 8, halfway = (height + 3) / 8, fourths = (height + 1) / 4;
        if (row < eighths) return 8 * row;
        if (row < eighths + halfway) return 8 * (row - eighths) + 4;
        if (row < eighths + halfway + fourths) return 4 * (row - eighths - halfway) + 2;
        return 2 * (row - eighths - halfway - fourths) + 1;
    }
}
