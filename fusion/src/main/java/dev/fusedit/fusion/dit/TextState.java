package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.nn.KeysValues;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// All that the image reads of a batch of prompts. It depends on neither noise nor time: compute it once a caption.
///
/// @param blocks keys and values for each block of the image side, null for one that reads none
/// @param imageStarts where each sample's image positions begin (rotary ones in a shared attention)
/// @param output the language model's last normed hidden states, if they were asked for
public record TextState(List<@Nullable KeysValues> blocks, Prompt prompt, int[] imageStarts, @Nullable Tensor output)
        implements TensorRecord<TextState> {
    @Override
    public Stream<Tensor> tensors() {
        return Stream.concat(blocks.stream().filter(Objects::nonNull).flatMap(kv -> Objects.requireNonNull(kv).tensors()),
                Stream.ofNullable(output));
    }

    @Override
    public TextState replaced(UnaryOperator<Tensor> each) {
        var others = blocks.stream().<@Nullable KeysValues>map(kv -> kv == null ? null : kv.replaced(each)).toList();
        return new TextState(others, prompt, imageStarts, output == null ? null : each.apply(output));
    }

    public int batch() { return prompt.batch(); }

    /// The samples named, in that order: several pictures a prompt, or some captions of a cache.
    public TextState rows(int... samples) {
        var indices = Tensor.of(Arrays.stream(samples).asLongStream().toArray());
        var placed = tensors().findFirst().map(t -> indices.to(t.device())).orElse(indices);
        return new TextState(blocks.stream().<@Nullable KeysValues>map(kv -> kv == null ? null : kv.rows(placed)).toList(),
                prompt.rows(samples),
                Arrays.stream(samples).map(i -> imageStarts[i]).toArray(), output == null ? null : output.indexSelect(0, placed));
    }

    /// The same text with image positions that begin elsewhere.
    public TextState withImageStarts(int... starts) { return new TextState(blocks, prompt, starts, output); }
}
