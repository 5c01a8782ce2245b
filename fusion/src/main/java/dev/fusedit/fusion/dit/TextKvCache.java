package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.torch.Buckets;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// All that the image reads of a batch of prompts: a KV cache, or what a text stream begins with. It depends on neither noise nor time, so it is
/// computed once for a caption and read at every denoising step.
///
/// @param read what blocks are given
/// @param imageStarts where each sample's image positions begin (rotary ones in a shared attention)
/// @param output the language model's last normed hidden states, if they were asked for
public record TextKvCache(Read read, Prompt prompt, int[] imageStarts, @Nullable Tensor output) implements TensorRecord<TextKvCache> {
    /// What of the text the image side is given. A tensor's tokens are its second to last dimension.
    public sealed interface Read extends TensorRecord<Read> {}

    /// Keys and values, made once a caption.
    ///
    /// @param blocks for each block of the image side, (B, K, T, D) each; null for one that reads none
    public record PerBlock(List<@Nullable KeyValues> blocks) implements Read {
        @Override
        public Stream<Tensor> tensors() {
            return blocks.stream().filter(Objects::nonNull).flatMap(kv -> Objects.requireNonNull(kv).tensors());
        }

        @Override
        public PerBlock replaced(UnaryOperator<Tensor> each) {
            return new PerBlock(blocks.stream().<@Nullable KeyValues>map(kv -> kv == null ? null : kv.replaced(each)).toList());
        }
    }

    /// Hidden states that a text stream begins with: its keys and values are made at each noise level.
    public record StreamInput(Tensor x_BTC) implements Read {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(x_BTC); }

        @Override
        public StreamInput replaced(UnaryOperator<Tensor> each) { return new StreamInput(each.apply(x_BTC)); }
    }

    /// Keys and values for each block of the image side, null for one that reads none.
    ///
    /// @throws IllegalStateException for a model with a text stream
    public List<@Nullable KeyValues> blocks() {
        return switch (read) {
            case PerBlock(var blocks) -> blocks;
            case StreamInput _ -> throw new IllegalStateException("a text stream makes its keys and values at each noise level");
        };
    }

    /// What a text stream begins with, (B, T, C); null for a model without one.
    public @Nullable Tensor stream() {
        return switch (read) {
            case PerBlock _ -> null;
            case StreamInput(var x_BTC) -> x_BTC;
        };
    }

    @Override
    public Stream<Tensor> tensors() { return Stream.concat(read.tensors(), Stream.ofNullable(output)); }

    @Override
    public TextKvCache replaced(UnaryOperator<Tensor> each) { return with(each, prompt, imageStarts); }

    private TextKvCache with(UnaryOperator<Tensor> each, Prompt rows, int[] starts) {
        return new TextKvCache(read.replaced(each), rows, starts, output == null ? null : each.apply(output));
    }

    public int batch() { return prompt.batch(); }

    /// The samples named, in that order: several images a prompt, or some captions of a cache.
    public TextKvCache rows(int... samples) {
        var indices = Tensor.of(Arrays.stream(samples).asLongStream().toArray());
        var placed = tensors().findFirst().map(t -> indices.to(t.device())).orElse(indices);
        return with(each -> each.indexSelect(0, placed), prompt.rows(samples), Arrays.stream(samples).map(i -> imageStarts[i]).toArray());
    }

    /// Without the columns that are padding in every sample, but for those up to the next of the [Buckets]' lengths: views.
    public TextKvCache trimmed() {
        int longest = Math.max(1, Arrays.stream(prompt.lengths_B()).max().orElse(0));
        int columns = tensors().findFirst().map(like -> Buckets.up(longest, like)).orElse(longest);
        return prompt.padded() || columns >= prompt.tokens() ? this
                : with(each -> each.narrow(each.rank() - 2, 0, columns), prompt.first(columns), imageStarts);
    }

    /// A single sample for so many images: views of the one text.
    public TextKvCache repeated(int times) {
        checkArgument(batch() == 1, "%s samples cannot be one for all", batch());
        var starts = new int[times];
        Arrays.fill(starts, imageStarts[0]);
        return with(each -> each.expand(IntStream.range(0, each.rank()).mapToLong(i -> i == 0 ? times : each.size(i)).toArray()),
                prompt.rows(new int[times]), starts);
    }

    /// The same text with image positions that begin elsewhere.
    public TextKvCache withImageStarts(int... starts) { return new TextKvCache(read, prompt, starts, output); }
}
