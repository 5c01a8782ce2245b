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

/// All that the image reads of a batch of prompts: a KV cache. It depends on neither noise nor time, so it is computed once for a caption
/// and read at every denoising step.
///
/// @param blocks keys and values for each block of the image side, null for one that reads none
/// @param imageStarts where each sample's image positions begin (rotary ones in a shared attention)
/// @param output the language model's last normed hidden states, if they were asked for
public record TextKvCache(List<@Nullable KeyValues> blocks, Prompt prompt, int[] imageStarts, @Nullable Tensor output)
        implements TensorRecord<TextKvCache> {
    @Override
    public Stream<Tensor> tensors() {
        return Stream.concat(blocks.stream().filter(Objects::nonNull).flatMap(kv -> Objects.requireNonNull(kv).tensors()),
                Stream.ofNullable(output));
    }

    @Override
    public TextKvCache replaced(UnaryOperator<Tensor> each) {
        var others = blocks.stream().<@Nullable KeyValues>map(kv -> kv == null ? null : kv.replaced(each)).toList();
        return new TextKvCache(others, prompt, imageStarts, output == null ? null : each.apply(output));
    }

    public int batch() { return prompt.batch(); }

    /// The samples named, in that order: several images a prompt, or some captions of a cache.
    public TextKvCache rows(int... samples) {
        var indices = Tensor.of(Arrays.stream(samples).asLongStream().toArray());
        var placed = tensors().findFirst().map(t -> indices.to(t.device())).orElse(indices);
        return new TextKvCache(blocks.stream().<@Nullable KeyValues>map(kv -> kv == null ? null : kv.rows(placed)).toList(),
                prompt.rows(samples),
                Arrays.stream(samples).map(i -> imageStarts[i]).toArray(), output == null ? null : output.indexSelect(0, placed));
    }

    /// Without the columns that are padding in every sample, but for those up to the next of the [Buckets]' lengths: views.
    public TextKvCache trimmed() {
        int longest = Math.max(1, Arrays.stream(prompt.lengths_B()).max().orElse(0));
        int columns = tensors().findFirst().map(like -> Buckets.up(longest, like)).orElse(longest);
        return prompt.padded() || columns >= prompt.tokens() ? this
                : new TextKvCache(blocks.stream().<@Nullable KeyValues>map(kv -> kv == null ? null : kv.narrow(0, columns)).toList(),
                        prompt.first(columns), imageStarts, output == null ? null : output.narrow(1, 0, columns));
    }

    /// A single sample for so many images: views of the one text.
    public TextKvCache repeated(int times) {
        checkArgument(batch() == 1, "%s samples cannot be one for all", batch());
        var rows = new int[times];
        var starts = new int[times];
        Arrays.fill(starts, imageStarts[0]);
        return replaced(each -> each.expand(IntStream.range(0, each.rank()).mapToLong(i -> i == 0 ? times : each.size(i)).toArray()))
                .with(prompt.rows(rows), starts);
    }

    private TextKvCache with(Prompt rows, int[] starts) { return new TextKvCache(blocks, rows, starts, output); }

    /// The same text with image positions that begin elsewhere.
    public TextKvCache withImageStarts(int... starts) { return with(prompt, starts); }
}
