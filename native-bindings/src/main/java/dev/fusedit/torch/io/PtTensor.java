package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;
import java.util.Arrays;

/// A tensor as a pickle describes it: a strided view of a storage. The constructor checks that the view stays inside.
///
/// @param dtype of the elements; another one than the storage's only if that one is bytes
/// @param offset first element, in elements
record PtTensor(PtStorage storage, DType dtype, long offset, long[] shape, long[] strides) {
    private static final int MOST_DIMENSIONS = 64;

    PtTensor {
        require(shape.length == strides.length && shape.length <= MOST_DIMENSIONS, "a tensor has %d sizes and %d strides", shape.length,
                strides.length);
        require(offset >= 0, "a tensor begins at element %d", offset);
        require(Arrays.stream(shape).allMatch(size -> size >= 0) && Arrays.stream(strides).allMatch(stride -> stride >= 0),
                "a tensor has the sizes %s and the strides %s", Arrays.toString(shape), Arrays.toString(strides));
        require(dtype == storage.dtype() || storage.dtype() == DType.U8, "a tensor of %s has a storage of %s", dtype, storage.dtype());
        try {
            var end = Math.multiplyExact(Math.addExact(offset, span(shape, strides)), dtype.bytes() / storage.dtype().bytes());
            var room = storage.numel() - storage.first();
            require(end <= room, "a tensor reaches element %d of a storage of %d", end, room);
            TensorInfo.plain("", dtype, shape).bytes();
        } catch (ArithmeticException e) {
            throw new PickleException("a tensor has the sizes %s, which overflow".formatted(Arrays.toString(shape)));
        }
    }

    /// Elements from the first to the last that the view shows.
    private static long span(long[] shape, long[] strides) {
        long last = 0;
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] == 0) {
                return 0;
            }
            last = Math.addExact(last, Math.multiplyExact(shape[i] - 1, strides[i]));
        }
        return last + 1;
    }

    long span() { return span(shape, strides); }

    long numel() { return Arrays.stream(shape).reduce(1, (a, b) -> a * b); }

    /// Where the view's first element lies in the storage, in bytes.
    long firstByte() { return storage.first() * storage.dtype().bytes() + offset * dtype.bytes(); }

    /// True if the elements lie in row-major order without gaps.
    boolean isContiguous() {
        long step = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            if (shape[i] != 1 && strides[i] != step) {
                return numel() == 0;
            }
            step *= shape[i];
        }
        return true;
    }

    private static void require(boolean condition, String message, Object... arguments) {
        if (!condition) {
            throw new PickleException(message.formatted(arguments));
        }
    }
}
