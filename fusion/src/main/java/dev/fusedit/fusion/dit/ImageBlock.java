package dev.fusedit.fusion.dit;

import dev.fusedit.nn.ops.Ops;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One of a [Backbone]'s blocks.
public sealed interface ImageBlock permits FuseLayer, DualStreamBlock {
    /// What a block is given and hands on.
    ///
    /// @param image_BNC the image's hidden states
    /// @param text_BTC the text's; null where blocks have no text stream, and behind the last of those that have one
    record Streams(Tensor image_BNC, @Nullable Tensor text_BTC) implements TensorRecord<Streams> {
        @Override
        public Stream<Tensor> tensors() { return Stream.concat(Stream.of(image_BNC), Stream.ofNullable(text_BTC)); }

        @Override
        public Streams replaced(UnaryOperator<Tensor> each) {
            return new Streams(each.apply(image_BNC), text_BTC == null ? null : each.apply(text_BTC));
        }
    }

    /// Its place in the image side, from 0.
    int index();

    /// The next hidden states.
    Streams forward(Ops ops, Streams in, TextKvCache text, ImagePass pass);
}
