package dev.fusedit.fusion.vision;

import dev.fusedit.nn.Init;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;
import dev.fusedit.torch.io.TensorSource;
import java.util.ArrayList;
import java.util.List;

/// Inception v3 (Szegedy et al. 2015) as the FID is defined by it (Heusel et al. 2017): the TensorFlow graph of 2015-12-05, in the names that
/// torchvision and pytorch-fid have for its weights, or NVIDIA's TorchScript of it ([InceptionGraph]). Frozen; f32.
///
/// Notable: not torchvision's network. Average pools do not count their padding, and the pool of the last block takes the maximum.
///
/// @param stem the convolutions before the blocks
/// @param blocks in their order
public record InceptionV3(List<Conv> stem, List<Block> blocks) {
    /// Pixels along a side.
    public static final int SIDE = 299;
    /// Numbers that stand for an image.
    public static final int WIDTH = 2048;
    private static final double EPS = 1e-3;

    /// A convolution without bias, a batch norm, a ReLU.
    record Conv(Tensor weight_OIHW, Tensor scale_O, Tensor shift_O, Tensor mean_O, Tensor variance_O, int stride, int down, int across) {
        /// @param high of the kernel; padded to keep the size unless `valid`
        static Conv of(Weights weights, int in, int out, int high, int wide, int stride, boolean valid) {
            var norm = weights.in("bn");
            return new Conv(weights.in("conv").get("weight", Init.XAVIER, out, in, high, wide), norm.get("weight", Init.ONES, out),
                    norm.get("bias", Init.ZEROS, out), norm.get("running_mean", Init.ZEROS, out), norm.get("running_var", Init.ONES, out),
                    stride,
                    valid ? 0 : high / 2, valid ? 0 : wide / 2);
        }

        Tensor apply(Tensor x) {
            return TensorScope.scoped(() -> {
                var seen = Torch.call("aten::conv2d", "", x, weight_OIHW, null, new long[] {stride, stride}, new long[] {down, across},
                        new long[] {1, 1}, 1L).tensor();
                return Torch.call("aten::batch_norm", "", seen, scale_O, shift_O, mean_O, variance_O, false, 0.0, EPS, false).tensor()
                        .relu();
            });
        }
    }

    /// Branches side by side, their channels one after the other.
    record Block(List<Branch> branches) {
        Tensor apply(Tensor x) {
            return TensorScope.scoped(() -> Tensor.cat(1, branches.stream().flatMap(branch -> branch.apply(x).stream()).toList()));
        }
    }

    /// A pool, convolutions one after the other, then some side by side.
    record Branch(Pool pool, List<Conv> convolutions, List<Conv> ends) {
        List<Tensor> apply(Tensor x) {
            var along = pool.apply(x);
            for (var convolution : convolutions) along = convolution.apply(along);
            var last = along;
            return ends.isEmpty() ? List.of(last) : ends.stream().map(end -> end.apply(last)).toList();
        }
    }

    /// Of 3 × 3.
    enum Pool {
        NONE, AVERAGE, MAXIMUM, HALVING;

        Tensor apply(Tensor x) {
            return switch (this) {
                case NONE -> x;
                case AVERAGE -> Torch.call("aten::avg_pool2d", "", x, new long[] {3, 3}, new long[] {1, 1}, new long[] {1, 1}, false, false)
                        .tensor();
                case MAXIMUM -> maximum(x, 1, 1);
                case HALVING -> maximum(x, 2, 0);
            };
        }

        private static Tensor maximum(Tensor x, long stride, long padding) {
            return Torch.call("aten::max_pool2d", "", x, new long[] {3, 3}, new long[] {stride, stride}, new long[] {padding, padding})
                    .tensor();
        }
    }

    public static InceptionV3 of(Weights weights) { return new InceptionReader(weights).read(); }

    /// A file by the names that this network reads, without the classes' layer, the auxiliary one and counters.
    public static TensorSource named(TensorSource file) {
        var plain = RenamedTensors.unwrapped(file);
        return InceptionGraph.is(plain) ? InceptionGraph.of(plain)
                : RenamedTensors.of(plain, name -> name.startsWith("fc.") || name.startsWith("AuxLogits.")
                        || name.endsWith(".num_batches_tracked") ? null : name);
    }

    /// (B, 2048): the means over all places of the last block.
    ///
    /// @param prepared_BCHW of 299 × 299, (x − 128) / 128 of 0 to 255
    public Tensor features(Tensor prepared_BCHW) {
        return TensorScope.scoped(() -> {
            var x = prepared_BCHW;
            for (int i = 0; i < stem.size(); i++) {
                x = stem.get(i).apply(x);
                if (i == 2 || i == 4) x = Pool.HALVING.apply(x);
            }
            for (var block : blocks) x = block.apply(x);
            return x.mean(false, 2, 3);
        });
    }
}
