package dev.fusedit.trainer.data.image;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// The first page of a TIFF file, as far as the JDK's reader goes. It is always turned as its tag says, as Pillow does too.
record TiffFile(byte[] file, Ifd ifd, ImageSize size) implements ImageFile {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int BITS = 258;
    private static final int STRIPS = 273;
    private static final int CHANNELS = 277;
    private static final int STRIP_BYTES = 279;
    private static final int COLOUR_MAP = 320;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_HEIGHT = 323;
    private static final int TILES = 324;
    private static final int TILE_BYTES = 325;

    /// What the reader tells of that hurts no pixel.
    private static final Pattern HARMLESS = Pattern.compile("ICC|assuming|should begin with EOL");
    private static final int MOST_BITS = 16;
    private static final int MOST_CHANNELS = 5;

    static TiffFile of(byte[] file) throws BadImage {
        var ifd = Ifd.of(ByteBuffer.wrap(file));
        var size = ImageSize.of(ifd.number(WIDTH, 0), ifd.number(HEIGHT, 0));
        ImageSize.of(ifd.number(TILE_WIDTH, 1), ifd.number(TILE_HEIGHT, 1));
        if (ifd.number(BITS, 1) > MOST_BITS || ifd.number(CHANNELS, 1) > MOST_CHANNELS) {
            throw new BadImage("it has %d channels of %d bits, which are not known".formatted(ifd.number(CHANNELS, 1),
                    ifd.number(BITS, 1)));
        }
        return new TiffFile(file, ifd, size.turned(Orientation.of(ifd)));
    }

    @Override
    public Orientation orientation() { return Orientation.UPRIGHT; }

    @Override
    public Optional<String> damage() {
        try {
            return areIn(STRIPS, STRIP_BYTES) && areIn(TILES, TILE_BYTES) ? Optional.empty()
                    : Optional.of("it ends before its last strip of pixels");
        } catch (BadImage e) {
            return Optional.of(e.getMessage());
        }
    }

    private boolean areIn(int places, int lengths) throws BadImage {
        var from = ifd.numbers(places);
        var bytes = ifd.numbers(lengths);
        if (from.length != bytes.length) return false;
        for (int i = 0; i < from.length; i++) {
            if (from[i] + bytes[i] > file.length) return false;
        }
        return true;
    }

    @Override
    public RgbImage read(ImageDecoding how, Consumer<String> warnings) throws IOException {
        var lack = damage(); // the reader makes room for strips of any length
        if (lack.isPresent()) throw new BadImage(lack.get());
        var decoded = ImageReaders.read("tiff", file, warning -> {
            if (!HARMLESS.matcher(warning).find()) warnings.accept(warning);
        });
        var isIndexed = ifd.numbers(COLOUR_MAP).length > 0 && decoded.getColorModel() instanceof IndexColorModel;
        var own = isIndexed ? new BufferedImage(palette(), decoded.getRaster(), false, null) : decoded;
        var image = Orientation.of(ifd).turn(new DecodedRaster(own, new int[0]).rgb(how));
        if (!size.equals(new ImageSize(image.width(), image.height()))) throw new BadImage("its tags say several sizes");
        return image;
    }

    /// Its colours have 16 bits, of which the reader rounds where the high byte is meant.
    private IndexColorModel palette() throws BadImage {
        var map = ifd.numbers(COLOUR_MAP);
        int count = map.length / 3, bits = (int) ifd.number(BITS, 1);
        var colours = new byte[3][1 << Math.min(bits, 8)];
        for (int i = 0; i < Math.min(count, colours[0].length); i++) {
            for (int c = 0; c < 3; c++) {
                colours[c][i] = (byte) (map[c * count + i] >> 8);
            }
        }
        return new IndexColorModel(Math.min(bits, 8), colours[0].length, colours[0], colours[1], colours[2]);
    }
}
