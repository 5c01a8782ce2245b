package dev.fusedit.fusion.vae;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/// Large images in overlapping squares, so that memory is that of a square.
///
/// All tiles of a side are of full size and spread evenly: a sliver at the end would have norms and attention of its own. Where tiles
/// overlap, each counts more toward its middle, and the shares of a place sum to 1. Norms and attention look at one tile at a time, so
/// a tiled image is near an untiled one, not equal to it; where one tile suffices nothing is tiled.
///
/// @param tile side of a tile, in latents
/// @param overlap of neighbours, at least, in latents
public record Tiling(int tile, int overlap) {
    public Tiling {
        checkArgument(tile > 0, "a tile must have latents, got %s", tile);
        checkArgument(overlap >= 0 && overlap <= tile / 2, "tiles of %s latents can overlap by 0 to %s, got %s", tile, tile / 2, overlap);
    }

    /// Tiles as large as the images in training, a quarter of them shared.
    public static Tiling of(AutoencoderConfig config) {
        var tile = config.sampleSize() / config.factor();
        return new Tiling(tile, tile / 4);
    }

    boolean isOne(long height, long width) { return height <= tile && width <= tile; }

    /// Where a tile lies along a side, in latents.
    record Span(int start, int end, int side) {
        int length() { return end - start; }

        boolean isLast() { return end == side; }

        /// 1 in the middle, less toward an edge that has a neighbour, 0 outside.
        double weight(double place, int ramp) {
            var fromStart = start == 0 ? ramp : place - start;
            var fromEnd = isLast() ? ramp : end - place;
            return Math.clamp(Math.min(fromStart, fromEnd) / ramp, 0, 1);
        }
    }

    @FunctionalInterface
    interface Part {
        Tensor of(Span rows, Span columns);
    }

    /// Computes all parts and blends them.
    ///
    /// @param height in latents
    /// @param width in latents
    /// @param scale pixels of a part along one latent
    Tensor join(int height, int width, int scale, Part part) {
        List<Span> rows = spans(height), columns = spans(width);
        try (var scope = TensorScope.open()) {
            Tensor whole = null;
            for (var y : rows) {
                for (var x : columns) {
                    var made = part.of(y, x);
                    if (whole == null) {
                        whole = Tensor.zeros(made.dtype(), made.device(), made.size(0), made.size(1), (long) height * scale,
                                (long) width * scale);
                    }
                    addTo(whole, made, y, x, shares(y, rows, scale), shares(x, columns, scale), scale);
                    made.free();
                }
            }
            return scope.keep(Objects.requireNonNull(whole));
        }
    }

    private static void addTo(Tensor whole, Tensor made, Span y, Span x, float[] rowShares, float[] columnShares, long scale) {
        try (var _ = TensorScope.open()) {
            var shares_HW = Tensor.of(rowShares, rowShares.length, 1).mul(Tensor.of(columnShares, columnShares.length));
            whole.narrow(2, y.start * scale, y.length() * scale).narrow(3, x.start * scale, x.length() * scale)
                    .addInPlace(made.mul(shares_HW.to(made.device()).to(made.dtype())));
        }
    }

    private float[] shares(Span span, List<Span> all, int scale) {
        var ramp = Math.max(1, overlap);
        var shares = new float[span.length() * scale];
        for (int i = 0; i < shares.length; i++) {
            var place = span.start + (i + 0.5) / scale;
            shares[i] = (float) (span.weight(place, ramp) / all.stream().mapToDouble(other -> other.weight(place, ramp)).sum());
        }
        return shares;
    }

    private List<Span> spans(int side) {
        var count = side <= tile ? 1 : Math.ceilDiv(side - tile, tile - overlap) + 1;
        return IntStream.range(0, count).map(i -> count == 1 ? 0 : Math.toIntExact(Math.round((double) i * (side - tile) / (count - 1))))
                .mapToObj(start -> new Span(start, Math.min(start + tile, side), side)).toList();
    }
}
