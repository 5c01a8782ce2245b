package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

/// Sequence lengths rounded up to few values (bucketing), so that matmuls of texts that differ in length have few shapes.
///
/// On a CPU matmuls in bf16 are oneDNN's. It generates machine code for each shape, and two caches keep it, oneDNN's own
/// (`ONEDNN_PRIMITIVE_CACHE_CAPACITY`) and that of libtorch's layer over it (`LRU_CACHE_CAPACITY`), 1,024 shapes each: 0.3 to 0.7 MiB a
/// shape of a language model of width 128, and a millisecond or two to make it. Texts without padding have another number of rows almost
/// every step, times four weights of a layer, times three products in training. So a process grew for thousands of steps, by up to half a
/// gigabyte.
///
/// A length n becomes a multiple of 8, above 128 of an eighth of the largest power of two that is not above n (128 to 256: 16; 256 to 512:
/// 32). That is eight values for each doubling, and at most an eighth of rows that nobody reads; docs/lab.md has the measurement.
///
/// Matmuls in f32 are OpenBLAS's, which keeps nothing for a shape.
public final class Buckets {
    private static final int SMALLEST = 8;

    private Buckets() {}

    /// The length that a sequence of n gets, ≥ n; 0 for 0.
    public static int up(int n) {
        checkArgument(n >= 0 && n <= 1 << 30, "a length must be from 0 to 2^30, got %s", n);
        int step = Math.max(SMALLEST, Integer.highestOneBit(n) / 8);
        return (n + step - 1) / step * step;
    }

    /// [#up] where matmuls of tensors like this one are made for their shape, n elsewhere.
    public static int up(int n, Tensor like) { return serve(like) ? up(n) : n; }

    /// Whether matmuls of tensors like this one are made for their shape, and kept.
    static boolean serve(Tensor like) {
        return like.device().isCpu() && PathChoice.LINEAR.dtype(like.dtype(), like.device()) == DType.BF16;
    }
}
