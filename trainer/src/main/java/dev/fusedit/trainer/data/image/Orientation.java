package dev.fusedit.trainer.data.image;

import java.nio.ByteBuffer;

/// How a stored image is turned to be seen upright: EXIF's orientations, in their order from 1 to 8.
enum Orientation {
    UPRIGHT(false, false, false),
    MIRRORED(false, true, false),
    HALF_TURN(false, true, true),
    MIRRORED_HALF_TURN(false, false, true),
    TRANSPOSED(true, false, false),
    CLOCKWISE(true, false, true),
    TRANSVERSED(true, true, true),
    COUNTERCLOCKWISE(true, true, false);

    private static final int COLOURS = 3;
    private static final byte[] MARK = {'E', 'x', 'i', 'f', 0, 0};

    private final boolean isTransposed;
    private final boolean fromRight;
    private final boolean fromBottom;

    Orientation(boolean isTransposed, boolean fromRight, boolean fromBottom) {
        this.isTransposed = isTransposed;
        this.fromRight = fromRight;
        this.fromBottom = fromBottom;
    }

    /// Of a block of EXIF data, with or without its mark; upright if the block is damaged, which hurts no pixel.
    static Orientation ofExif(ByteBuffer block) {
        var isMarked = block.remaining() > MARK.length && block.slice(block.position(), MARK.length).equals(ByteBuffer.wrap(MARK));
        try {
            return of(Ifd.of(isMarked ? block.slice(MARK.length, block.remaining() - MARK.length) : block));
        } catch (BadImage _) {
            return UPRIGHT;
        }
    }

    static Orientation of(Ifd ifd) throws BadImage {
        var number = ifd.number(Ifd.ORIENTATION, 1);
        return number >= 1 && number <= values().length ? values()[(int) number - 1] : UPRIGHT;
    }

    boolean isTransposed() { return isTransposed; }

    /// The image upright; itself if it is so already.
    RgbImage turn(RgbImage image) {
        if (this == UPRIGHT) return image;
        int width = isTransposed ? image.height() : image.width(), height = isTransposed ? image.width() : image.height();
        var from = image.rgb();
        var to = new byte[from.length];
        for (int y = 0, i = 0; y < height; y++) {
            for (int x = 0; x < width; x++, i += COLOURS) {
                int column = isTransposed ? y : x, row = isTransposed ? x : y;
                int at = COLOURS * ((fromBottom ? image.height() - 1 - row : row) * image.width()
                        + (fromRight ? image.width() - 1 - column : column));
                to[i] = from[at];
                to[i + 1] = from[at + 1];
                to[i + 2] = from[at + 2];
            }
        }
        return new RgbImage(width, height, to);
    }
}
