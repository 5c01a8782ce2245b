package dev.fusedit.fusion.llm;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A batch of token ids, real tokens first.
///
/// With padding behind them only, causal rows never meet it: text needs no mask at all, and no column beyond the longest prompt. So
/// whatever padding a mask describes, left, right or between, is taken out here and the tokens keep their positions.
///
/// @param ids_BT rows of equal length T ≥ 1, padded with 0
/// @param positions_BT of each token; behind the real ones they count on
/// @param lengths_B real tokens
/// @param padded true if padding is computed too and masked as columns, for comparisons with models that do
public record Prompt(long[][] ids_BT, long[][] positions_BT, int[] lengths_B, boolean padded) {
    public Prompt {
        checkArgument(ids_BT.length == lengths_B.length && ids_BT.length == positions_BT.length, "%s rows, %s lengths", ids_BT.length,
                lengths_B.length);
    }

    /// Prompts of any lengths at positions 0, 1, …
    public static Prompt of(long[]... rows) {
        var width = Math.max(1, Arrays.stream(rows).mapToInt(row -> row.length).max().orElse(0));
        return new Prompt(each(rows, row -> Arrays.copyOf(row, width)), each(rows, _ -> count(width)),
                Arrays.stream(rows).mapToInt(row -> row.length).toArray(), false);
    }

    public static Prompt of(int[]... rows) {
        return of(Arrays.stream(rows).map(row -> Arrays.stream(row).asLongStream().toArray()).toArray(long[][]::new));
    }

    /// Rows with a mask that is 1 at real tokens, padding anywhere.
    public static Prompt masked(long[][] ids, long[][] mask) {
        var lengths = Arrays.stream(mask).mapToInt(row -> (int) Arrays.stream(row).sum()).toArray();
        var width = Math.max(1, Arrays.stream(lengths).max().orElse(0));
        var real = new long[ids.length][width];
        var positions = new long[ids.length][width];
        for (int b = 0; b < ids.length; b++) {
            int next = 0;
            for (int i = 0; i < ids[b].length; i++) {
                if (mask[b][i] != 0) {
                    real[b][next] = ids[b][i];
                    positions[b][next++] = i;
                }
            }
            for (; next < width; next++) {
                positions[b][next] = next == 0 ? 0 : positions[b][next - 1] + 1;
            }
        }
        return new Prompt(real, positions, lengths, false);
    }

    /// Rows padded on the right whose padding is computed too: what the paper's reference does. Slower, the same for real tokens.
    public static Prompt padded(long[][] ids, int[] lengths) { return new Prompt(ids, each(ids, row -> count(row.length)), lengths, true); }

    public int batch() { return ids_BT.length; }

    /// T, the longest prompt's length
    public int tokens() { return ids_BT[0].length; }

    /// These prompts, then those.
    public Prompt and(Prompt others) {
        checkArgument(!padded && !others.padded, "padded prompts are for comparisons only");
        var width = Math.max(tokens(), others.tokens());
        return new Prompt(both(wider(ids_BT, width, false), wider(others.ids_BT, width, false)),
                both(wider(positions_BT, width, true), wider(others.positions_BT, width, true)),
                both(lengths_B, others.lengths_B), false);
    }

    /// The samples named, in that order.
    public Prompt rows(int... indices) {
        return new Prompt(Arrays.stream(indices).mapToObj(i -> ids_BT[i]).toArray(long[][]::new),
                Arrays.stream(indices).mapToObj(i -> positions_BT[i]).toArray(long[][]::new),
                Arrays.stream(indices).map(i -> lengths_B[i]).toArray(), padded);
    }

    /// Ids as an i64 tensor (B, T).
    public Tensor ids(Device device) {
        return TensorScope
                .scoped(() -> Tensor.of(Arrays.stream(ids_BT).flatMapToLong(Arrays::stream).toArray(), batch(), tokens()).to(device));
    }

    /// What must be added to scores so that padding counts for nothing: (B, 1, 1, T + more), the first T being the text's.
    /// Null if no row has padding.
    public @Nullable Tensor keyBias(int more, DType dtype, Device device) {
        if (Arrays.stream(lengths_B).allMatch(length -> length == tokens())) {
            return null;
        }
        var width = tokens() + more;
        var bias = new float[batch() * width];
        for (int b = 0; b < batch(); b++) {
            Arrays.fill(bias, b * width + lengths_B[b], b * width + tokens(), Float.NEGATIVE_INFINITY);
        }
        return TensorScope.scoped(() -> Tensor.of(bias, batch(), 1, 1, width).to(dtype).to(device));
    }

    private static long[] count(int n) {
        var result = new long[n];
        Arrays.setAll(result, i -> i);
        return result;
    }

    private static long[][] each(long[][] rows, java.util.function.UnaryOperator<long[]> change) {
        return Arrays.stream(rows).map(change).toArray(long[][]::new);
    }

    private static long[][] wider(long[][] rows, int width, boolean counting) {
        return each(rows, row -> {
            var result = Arrays.copyOf(row, width);
            for (int i = row.length; counting && i < width; i++) {
                result[i] = result[i - 1] + 1;
            }
            return result;
        });
    }

    private static long[][] both(long[][] a, long[][] b) {
        var result = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, result, a.length, b.length);
        return result;
    }

    private static int[] both(int[] a, int[] b) {
        var result = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, result, a.length, b.length);
        return result;
    }
}
