package dev.fusedit.trainer.step;

import dev.fusedit.fusion.flow.FlowMatching;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.Tensors;
import dev.fusedit.trainer.data.stored.StoredRow;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A part of a step's batch. Its losses are weighted by its shares of the whole, so that their sum over all parts is the loss of the whole,
/// however it is cut.
///
/// @param noised images with their noise; null in a stage that samples none
/// @param texts captions of the images
/// @param captions their ids
/// @param instruction how many ids all captions begin with
/// @param sentences ids
/// @param dropped whether a caption was dropped
/// @param imageShare images here among all of the step's
/// @param tokenShare tokens that the language loss predicts here among all of the step's
/// @param aligned what alignment wants
/// @param draws of what the model itself leaves to chance: what adapters leave out
/// @param stored of the captions, as [dev.fusedit.trainer.data.stored.StoredTexts#states] has it; none where the language model computes
public record MicroBatch(FlowMatching.@Nullable Noised noised, List<String> texts, int[][] captions, int instruction, int[][] sentences,
        boolean[] dropped,
        double imageShare, double tokenShare, Aligned aligned, Seed draws, List<StoredRow> stored) implements Tensors {
    @Override
    public Stream<Tensor> tensors() {
        return Stream.concat(noised == null ? Stream.empty() : noised.tensors(), aligned.tensors());
    }

    /// Whether no loss has anything to say of it: no images, and texts without a token to predict.
    public boolean isEmpty() { return noised == null && tokenShare == 0; }

    MicroBatch withAligned(Aligned other) {
        return new MicroBatch(noised, texts, captions, instruction, sentences, dropped, imageShare, tokenShare, other, draws, stored);
    }

    /// The captions, with all that a gradient mask asks of them.
    public Prompt prompt() {
        return Prompt.of(captions).withInstructions(Arrays.stream(captions).mapToInt(ids -> Math.min(instruction, ids.length)).toArray())
                .withDropped(dropped);
    }
}
