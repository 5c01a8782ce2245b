package dev.fusedit.trainer.data.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/// The first image file directory of a TIFF file, or of EXIF data, which has the same form: numbers by tag.
///
/// @param data in the file's byte order
/// @param entries by tag, where in `data` it stands
record Ifd(ByteBuffer data, Map<Integer, Integer> entries) {
    static final int ORIENTATION = 274;
    private static final int ENTRY = 12;
    private static final int[] TYPE_BYTES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
    private static final int SHORT = 3;

    /// @throws BadImage if the directory, or the values of one of its entries, do not lie in the data
    static Ifd of(ByteBuffer block) throws BadImage {
        var data = block.slice();
        try {
            data.order(data.get(0) == 'M' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
            int start = data.getInt(4);
            int count = data.getShort(start) & 0xffff;
            var ifd = new Ifd(data, new HashMap<>());
            for (int i = 0; i < count; i++) {
                int at = start + 2 + ENTRY * i;
                ifd.entries.put(data.getShort(at) & 0xffff, at);
                ifd.checkValues(at);
            }
            data.getInt(start + 2 + ENTRY * count); // where the next directory is
            return ifd;
        } catch (IndexOutOfBoundsException _) {
            throw new BadImage("its directory of tags is cut");
        }
    }

    private void checkValues(int at) throws BadImage {
        if (bytes(at) > ENTRY - 8 && (data.getInt(at + 8) & 0xffffffffL) + bytes(at) > data.limit()) {
            throw new BadImage("values of its tag %d are not in the file".formatted(data.getShort(at) & 0xffff));
        }
    }

    private long bytes(int at) {
        int type = data.getShort(at + 2);
        return type < 0 || type >= TYPE_BYTES.length ? 0 : TYPE_BYTES[type] * (data.getInt(at + 4) & 0xffffffffL);
    }

    long number(int tag, long otherwise) throws BadImage {
        var numbers = numbers(tag);
        return numbers.length == 0 ? otherwise : numbers[0];
    }

    /// The numbers of a tag: none if it is missing.
    long[] numbers(int tag) throws BadImage {
        var entry = entries.get(tag);
        if (entry == null) return new long[0];
        int at = entry, type = data.getShort(at + 2);
        if (type < 1 || type > 4) throw new BadImage("its tag %d is no whole number".formatted(tag));
        var numbers = new long[(int) (bytes(at) / TYPE_BYTES[type])];
        int values = bytes(at) > ENTRY - 8 ? data.getInt(at + 8) : at + 8;
        for (int i = 0; i < numbers.length; i++) {
            int value = values + i * TYPE_BYTES[type];
            numbers[i] = TYPE_BYTES[type] == 1 ? data.get(value) & 0xff
                    : type == SHORT ? data.getShort(value) & 0xffff : data.getInt(value) & 0xffffffffL;
        }
        return numbers;
    }
}
