package dev.fusedit.nn;

import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Where the tokens of prompts lie that are packed: one behind the other in a row of length S, with padding behind the last, in place of B rows of
/// equal length T. Linear layers compute the packed row; attention computes rows.
///
/// @param places in the packed row, of each of the B · T tokens, i64; padding, which nobody reads, is the first token
/// @param real 1 for tokens, 0 for padding, (B · T, 1), f32
/// @param back of each packed token, its place among the B · T, i64
/// @param room S
public record PackedRows(Tensor places, Tensor real, Tensor back, int batch, int tokens, int room)
        implements TensorRecord<PackedRows> {
    /// @param lengths of the prompts, at least one token in all
    /// @param tokens T
    /// @param room S, at least the sum of the lengths
    public static PackedRows of(int[] lengths, int tokens, int room, Device device) {
        var places = new long[lengths.length * tokens];
        var real = new float[places.length];
        int first = 0;
        for (int b = 0; b < lengths.length; b++) {
            for (int t = 0; t < lengths[b]; t++) {
                places[b * tokens + t] = first + t;
                real[b * tokens + t] = 1;
            }
            first += lengths[b];
        }
        var back = IntStream.range(0, places.length).filter(i -> real[i] == 1).asLongStream().toArray();
        return TensorScope.scoped(() -> new PackedRows(Tensor.of(places).to(device), Tensor.of(real, places.length, 1).to(device),
                Tensor.of(back).to(device), lengths.length, tokens, room));
    }

    @Override
    public Stream<Tensor> tensors() { return Stream.of(places, real, back); }

    @Override
    public PackedRows replaced(UnaryOperator<Tensor> each) {
        return new PackedRows(each.apply(places), each.apply(real), each.apply(back), batch, tokens, room);
    }

    /// @param x_1KSD of packed tokens
    /// @return (B, K, T, D)
    public Tensor spread(Tensor x_1KSD) {
        return TensorScope.scoped(() -> x_1KSD.indexSelect(2, places).view(x_1KSD.size(1), batch, tokens, x_1KSD.size(3)).transpose(0, 1));
    }

    /// As [#spread], with zeros for padding.
    public Tensor spreadOverZeros(Tensor x_1KSD) {
        return TensorScope.scoped(() -> x_1KSD.indexSelect(2, places).mul(real.to(x_1KSD.dtype()))
                .view(x_1KSD.size(1), batch, tokens, x_1KSD.size(3)).transpose(0, 1));
    }

    /// @param x_BKTD rows
    /// @return (1, K, S, D), with zeros for the padding behind the last token
    public Tensor pack(Tensor x_BKTD) {
        return TensorScope.scoped(() -> {
            long heads = x_BKTD.size(1), width = x_BKTD.size(3);
            var tokensOf = x_BKTD.transpose(0, 1).reshape(1, heads, -1, width).indexSelect(2, back);
            long behind = room - back.size(0);
            return behind == 0 ? tokensOf : Tensor.cat(2, tokensOf, Tensor.zeros(x_BKTD.dtype(), x_BKTD.device(), 1, heads, behind, width));
        });
    }
}
