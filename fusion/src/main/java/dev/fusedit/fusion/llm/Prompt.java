package dev.fusedit.fusion.llm;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.primitives.Booleans;
import com.google.common.primitives.Ints;
import dev.fusedit.torch.Buckets;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A batch of token ids, real tokens first.
///
/// With padding behind them only, causal rows never meet it: text needs no mask at all, and no column beyond the longest prompt. So
/// whatever padding a mask describes, left, right or between, is taken out here and the tokens keep their positions.
///
/// @param ids_BT rows of equal length T ≥ 1, padded with 0
/// @param positions_BT of each token; behind the real ones they count on
/// @param lengths_B real tokens
/// @param instructions_B how many of the first tokens are an instruction, the same for all captions; only gradient masks ask
/// @param dropped_B whether a caption was dropped, so that what is left of the row does not speak of the image; only gradient masks ask
/// @param padded true if padding is computed too and masked as columns, for comparisons with models that do
public record Prompt(long[][] ids_BT, long[][] positions_BT, int[] lengths_B, int[] instructions_B, boolean[] dropped_B, boolean padded) {
    public Prompt {
        checkArgument(ids_BT.length == lengths_B.length && ids_BT.length == positions_BT.length, "%s rows, %s lengths", ids_BT.length,
                lengths_B.length);
        checkArgument(ids_BT.length == instructions_B.length && ids_BT.length == dropped_B.length,
                "%s rows, %s lengths of instructions, %s flags of dropped captions", ids_BT.length, instructions_B.length,
                dropped_B.length);
        for (int b = 0; b < lengths_B.length; b++) {
            checkArgument(instructions_B[b] >= 0 && instructions_B[b] <= lengths_B[b],
                    "an instruction of %s tokens in a prompt of %s", instructions_B[b], lengths_B[b]);
        }
    }

    /// Without instructions, and no caption dropped.
    public Prompt(long[][] ids_BT, long[][] positions_BT, int[] lengths_B, boolean padded) {
        this(ids_BT, positions_BT, lengths_B, new int[lengths_B.length], new boolean[lengths_B.length], padded);
    }

    /// The same prompts that begin with instructions of so many tokens.
    public Prompt withInstructions(int... lengths) { return new Prompt(ids_BT, positions_BT, lengths_B, lengths, dropped_B, padded); }

    /// The same prompts, of which some captions were dropped.
    public Prompt withDropped(boolean... dropped) { return new Prompt(ids_BT, positions_BT, lengths_B, instructions_B, dropped, padded); }

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
                Ints.concat(lengths_B, others.lengths_B), Ints.concat(instructions_B, others.instructions_B),
                Booleans.concat(dropped_B, others.dropped_B), false);
    }

    /// With columns of padding up to the next of the [Buckets]' lengths, where matmuls of tensors like this one are made for their shape. Rows whose
    /// padding is computed too stay as they are.
    Prompt bucketed(Tensor like) {
        int width = Buckets.up(tokens(), like);
        return padded || width == tokens() ? this
                : new Prompt(wider(ids_BT, width, false), wider(positions_BT, width, true), lengths_B, instructions_B, dropped_B, false);
    }

    /// All real tokens in one row, prompt after prompt, at the positions they have; null where no padding would be saved by that.
    ///
    /// Behind them comes padding up to the next of the [Buckets]' lengths, where tensors like this one ask for it.
    @Nullable
    Prompt packed(Tensor like) {
        int total = Arrays.stream(lengths_B).sum();
        int room = Buckets.up(total, like);
        return padded || total == 0 || room >= batch() * tokens() ? null
                : new Prompt(new long[][] {Arrays.copyOf(real(ids_BT), room)}, new long[][] {Arrays.copyOf(real(positions_BT), room)},
                        new int[] {total}, false);
    }

    private long[] real(long[][] rows) {
        return IntStream.range(0, batch()).boxed().flatMapToLong(b -> Arrays.stream(rows[b], 0, lengths_B[b])).toArray();
    }

    /// The samples named, in that order.
    public Prompt rows(int... indices) {
        return new Prompt(Arrays.stream(indices).mapToObj(i -> ids_BT[i]).toArray(long[][]::new),
                Arrays.stream(indices).mapToObj(i -> positions_BT[i]).toArray(long[][]::new),
                Arrays.stream(indices).map(i -> lengths_B[i]).toArray(),
                Arrays.stream(indices).map(i -> instructions_B[i]).toArray(),
                Booleans.toArray(Arrays.stream(indices).mapToObj(i -> dropped_B[i]).toList()), padded);
    }

    /// The first so many columns, at least as many as the longest prompt has.
    public Prompt first(int columns) {
        checkArgument(Arrays.stream(lengths_B).allMatch(length -> length <= columns), "%s columns for prompts of %s tokens", columns,
                Arrays.toString(lengths_B));
        return new Prompt(each(ids_BT, row -> Arrays.copyOf(row, columns)), each(positions_BT, row -> Arrays.copyOf(row, columns)),
                lengths_B,
                instructions_B, dropped_B, padded);
    }

    /// Ids as an i64 tensor (B, T).
    public Tensor ids(Device device) {
        return TensorScope
                .scoped(() -> Tensor.of(Arrays.stream(ids_BT).flatMapToLong(Arrays::stream).toArray(), batch(), tokens()).to(device));
    }

    /// What must be added to scores so that only the first tokens of each row count: (B, 1, 1, T + more), the first T being the text's.
    /// Null if all T count in every row.
    ///
    /// @param seen_B how many; [#lengths_B] takes away padding alone
    public static @Nullable Tensor keyBias(int[] seen_B, int tokens, int more, DType dtype, Device device) {
        if (Arrays.stream(seen_B).allMatch(seen -> seen == tokens)) {
            return null;
        }
        var width = tokens + more;
        var bias = new float[seen_B.length * width];
        for (int b = 0; b < seen_B.length; b++) {
            Arrays.fill(bias, b * width + seen_B[b], b * width + tokens, Float.NEGATIVE_INFINITY);
        }
        return TensorScope.scoped(() -> Tensor.of(bias, seen_B.length, 1, 1, width).to(dtype).to(device));
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

    /// Its real tokens: `Prompt[[2, 7, 9], [2, 5]]`.
    @Override
    public String toString() {
        return IntStream.range(0, ids_BT.length).mapToObj(b -> Arrays.toString(Arrays.copyOf(ids_BT[b], lengths_B[b])))
                .collect(Collectors.joining(", ", "Prompt[", "]"));
    }
}
