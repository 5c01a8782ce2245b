package dev.fusedit.trainer.data.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.Consumer;

/// @param pixels where they begin
/// @param length of the pixels, in bytes
record BmpFile(byte[] file, ImageSize size, long pixels, long length) implements ImageFile {
    private static final int OS2 = 12;
    private static final int RLE8 = 1;
    private static final int RLE4 = 2;
    private static final int BIT_FIELDS = 3;

    static BmpFile of(byte[] file) throws BadImage {
        var head = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        var isOld = head.getInt(14) == OS2;
        long width = isOld ? head.getShort(18) & 0xffff : head.getInt(18);
        long height = isOld ? head.getShort(20) & 0xffff : Math.abs((long) head.getInt(22));
        int bits = head.getShort(isOld ? 24 : 28), compression = isOld ? 0 : head.getInt(30);
        if (compression < 0 || compression > BIT_FIELDS) throw new BadImage("its pixels are packed in a rare way");
        var size = ImageSize.of(width, height);
        var isPacked = compression == RLE8 || compression == RLE4;
        return new BmpFile(file, size, head.getInt(10) & 0xffffffffL,
                isPacked ? head.getInt(34) & 0xffffffffL : (width * bits + 31) / 32 * 4 * height);
    }

    @Override
    public Orientation orientation() { return Orientation.UPRIGHT; }

    @Override
    public Optional<String> damage() {
        return pixels + length <= file.length ? Optional.empty() : Optional.of("it ends before its last row");
    }

    @Override
    public RgbImage read(ImageDecoding how, Consumer<String> warnings) throws IOException {
        return new DecodedRaster(ImageReaders.read("bmp", file, warnings), new int[0]).rgb(how);
    }
}
