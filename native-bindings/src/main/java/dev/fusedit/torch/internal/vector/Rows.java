package dev.fusedit.torch.internal.vector;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.internal.abi.NativeMemory;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// A tensor of f32 or bf16 as rows of floats, each contiguous, all equally far apart. For one thread: bf16 goes through an array of its own.
public final class Rows {
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final int VECTOR_LENGTH = FLOATS.length();
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());
    private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class,
            VectorShape.forBitSize(Math.max(64, FLOATS.vectorBitSize() / 2)));
    private static final int LEAST_BITS_X86 = 256;
    private static final int ROUND = 0x7fff;
    private static final int NAN = 0x7fc0;

    private final long address;
    private final int count;
    private final int width;
    private final long bytes;
    private final short[] halves;

    private Rows(long address, boolean half, int count, int width, long stride) {
        this.address = address;
        this.count = count;
        this.width = width;
        bytes = stride * (half ? Short.BYTES : Float.BYTES);
        halves = half ? new short[padded(width)] : new short[0];
    }

    /// Whether this CPU's vectors carry the kernels: see the package.
    public static boolean areWide() { return FLOATS.vectorBitSize() >= LEAST_BITS_X86 || !System.getProperty("os.arch").equals("amd64"); }

    /// @param half whether it is bf16
    /// @param stride elements from one row's beginning to the next one's
    public static Rows of(long address, boolean half, int count, int width, long stride) {
        return new Rows(address, half, count, width, stride);
    }

    public int count() { return count; }

    public int width() { return width; }

    /// @throws IllegalArgumentException unless all have as many rows, as wide: loops over one would leave the memory of another
    static void requireLike(Rows rows, @Nullable Rows... others) {
        for (var other : others) {
            if (other != null) {
                checkArgument(other.count == rows.count && other.width == rows.width, "%s beside %s", other, rows);
            }
        }
    }

    /// How many of `rows` each row of factors serves, in order.
    ///
    /// @throws IllegalArgumentException if they are not equally many
    static int share(Rows rows, Rows factors) {
        checkArgument(factors.width == rows.width && factors.count > 0 && rows.count % factors.count == 0, "%s, equally shared by %s", rows,
                factors);
        return rows.count / factors.count;
    }

    private long at(int row) { return address + Objects.checkIndex(row, count) * bytes; }

    @Override
    public String toString() { return "%d rows of %d".formatted(count, width); }

    /// Room for a row of `width` floats, and for whole vectors of them.
    static float[] room(int width) { return new float[padded(width)]; }

    /// In pairs of vectors, so that sums can go two ways at once.
    static int padded(int width) { return (width + 2 * VECTOR_LENGTH - 1) / (2 * VECTOR_LENGTH) * (2 * VECTOR_LENGTH); }

    /// The sum of as many numbers as a vector has, always in the same order; `reduceLanes` adds in one that differs between compiled code and
    /// interpreted.
    static float sum(float[] partials) {
        if (VECTOR_LENGTH < 4) {
            return partials[0] + partials[1];
        }
        float a = 0, b = 0, c = 0, d = 0;
        for (int i = 0; i < VECTOR_LENGTH; i += 4) {
            a += partials[i];
            b += partials[i + 1];
            c += partials[i + 2];
            d += partials[i + 3];
        }
        return a + b + (c + d);
    }

    void read(int row, float[] to) {
        if (halves.length == 0) {
            NativeMemory.read(at(row), to, width);
            return;
        }
        NativeMemory.read(at(row), halves, width);
        for (int i = 0; i < width; i += VECTOR_LENGTH) {
            var bits = (IntVector) ShortVector.fromArray(SHORTS, halves, i).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
            bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(to, i);
        }
    }

    /// Rounded to the nearest, halves to even, as libtorch does.
    void write(int row, float[] from) {
        if (halves.length == 0) {
            NativeMemory.write(from, at(row), width);
            return;
        }
        for (int i = 0; i < width; i += VECTOR_LENGTH) {
            var number = FloatVector.fromArray(FLOATS, from, i);
            var bits = number.reinterpretAsInts();
            var even = bits.lanewise(VectorOperators.LSHR, 16).and(1);
            var rounded = bits.add(even).add(ROUND).lanewise(VectorOperators.LSHR, 16);
            var safe = rounded.blend(NAN, number.test(VectorOperators.IS_NAN).cast(INTS));
            ((ShortVector) safe.convertShape(VectorOperators.I2S, SHORTS, 0)).intoArray(halves, i);
        }
        NativeMemory.write(halves, at(row), width);
    }
}
