package dev.fusedit.trainer.eval.features;

import com.google.common.collect.Lists;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.log.PngImage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// A frozen network that makes a vector of an image. Closing it frees its weights. One thread's.
public interface ImageEncoder extends AutoCloseable {
    /// Images that go through at once.
    int BATCH = 16;

    /// What reports call it: the network, the images' size and filter, which of its numbers.
    String name();

    /// Where its weights lie, and it computes.
    Device device();

    /// (1, 3, height, width) as the network takes it, f32, on the CPU.
    Tensor prepared(PngImage image);

    /// (B, F), f32, all on its device.
    Tensor encoded(Tensor prepared_BCHW);

    /// (count, F), f32, on the CPU, in the innermost open scope. Memory holds a batch of images.
    ///
    /// @param image the one at a place
    default Tensor features(int count, IntFunction<PngImage> image) {
        return TensorScope.scoped(() -> {
            var parts = new ArrayList<Tensor>();
            for (var some : Lists.partition(IntStream.range(0, count).boxed().toList(), BATCH)) parts.add(batch(some, image));
            return Tensor.cat(0, parts);
        });
    }

    private Tensor batch(List<Integer> places, IntFunction<PngImage> image) {
        try (var _ = Autograd.noGrad()) {
            return TensorScope
                    .scoped(() -> encoded(Tensor.cat(0, places.stream().map(place -> prepared(image.apply(place))).toList()).to(device()))
                            .to(Device.CPU));
        }
    }

    @Override
    void close();
}
