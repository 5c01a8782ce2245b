package dev.fusedit.nn.ops;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.fused.Fused;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A vector for each sample in P equal parts: scales, shifts and gates. With a table (adaLN-single; PixArt-α, Chen et al. 2023, arXiv 2310.00426)
/// that is added to each first. Where the one-pass kernels serve, parts are f32, and so are their gradients until all are there.
///
/// @param all (B, P · C)
/// @param table (P · C); null for none
record ModulationOp(Tensor all, @Nullable Tensor table, int parts) implements Op<Parts> {
    @Override
    public Stream<Tensor> reads() { return Stream.concat(Stream.of(all), Stream.ofNullable(table)); }

    @Override
    public ModulationOp over(UnaryOperator<Tensor> each) { return new ModulationOp(each.apply(all), table, parts); }

    private Tensor whole() { return table == null ? all : table.to(all.dtype()).add(all); }

    @Override
    public Parts autograd() { return new Parts(Arrays.asList(whole().unsqueeze(1).chunk(parts, -1))); }

    @Override
    public Parts inference() {
        if (!Fused.serves(all)) {
            return autograd();
        }
        var all_PBC = whole().view(all.size(0), parts, -1).to(DType.F32).transpose(0, 1).contiguous();
        return new Parts(IntStream.range(0, parts).mapToObj(i -> all_PBC.select(0, i).unsqueeze(1)).toList());
    }

    @Override
    public Parts counted(Count count) {
        long batch = all.size(0), width = all.size(1) / parts;
        var whole = count.madeWide(batch, parts, width);
        count.keep(whole);
        return new Parts(IntStream.range(0, parts).mapToObj(_ -> count.view(whole, batch, 1, width)).toList());
    }

    @Override
    public Parts recorded(Recording recording) {
        if (!Fused.serves(all)) {
            return recording.byAutograd(this);
        }
        var dAll = recording.gradient(all);
        var dTable = recording.gradient(table);
        var dtype = all.dtype();
        long batch = all.size(0), width = all.size(1) / parts;
        recording.backwardOfAll(dys -> {
            var each = dys.stream().map(dy -> dy == null ? Tensor.zeros(DType.F32, batch, 1, width) : dy).toArray(Tensor[]::new);
            var whole = Tensor.cat(-1, each).flatten(0, 1);
            if (dTable != null && table != null) {
                dTable.add(whole.sum(false, 0).to(table.dtype()));
            }
            if (dAll != null) {
                dAll.add(whole.to(dtype));
            }
        });
        return inference();
    }
}
