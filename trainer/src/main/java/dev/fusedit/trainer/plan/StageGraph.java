package dev.fusedit.trainer.plan;

import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.trainer.data.Prefetch;

/// The graphs of a micro-batch: captions, images, and the language loss's texts, all of which one backward pass goes through.
///
/// @param counts of a micro-batch
/// @param checkpointing whether only each layer's input is kept
record StageGraph(StageShape stage, StageCounts counts, boolean checkpointing) {
    private DiTConfig dit() { return stage.shapes().config().image(); }

    private LanguageModelConfig text() { return stage.shapes().config().text(); }

    private int compute() { return counts.image().target().compute().bytes(); }

    private boolean hasImageGraph() { return stage.sampled() && (stage.trainsDit() || stage.flowReachesLlm()); }

    private boolean hasCaptionGraph() { return stage.flowReachesLlm() || stage.readsCaptions() && stage.trainsLlm(); }

    private long spokenApart() { return stage.readsCaptions() || !stage.trainsLlm() ? 0 : stage.spoken(); }

    /// What is kept when forward passes have ended.
    long kept() {
        long e = compute();
        long inputs = stage.images() * stage.tokens() * dit().width() * e * dit().layers();
        long image = !hasImageGraph() ? 0 : checkpointing ? inputs : imageKept();
        long captions = !hasCaptionGraph() ? 0
                : checkpointing ? stage.captions() * stage.captionDepth() * e * stage.computedCaption() * text().hidden()
                : counts.packed().keptBytes();
        long spoken = checkpointing ? spokenApart() * text().layers() * e * stage.sentence() * text().hidden()
                : counts.sentences().keptBytes();
        long logits = stage.trainsLlm() ? stage.spoken() * stage.spokenTokens() * (long) text().vocabulary() * wide() : 0;
        return image + captions + spoken + logits;
    }

    /// A lane's for all images: attention's scores are kept up to a number of bytes a lane.
    private long imageKept() {
        long lane = Math.max(1, Math.ceilDiv(stage.images(), stage.lanes()));
        return counts.lane().keptBytes() * stage.images() / lane;
    }

    private int wide() { return Math.max(Float.BYTES, compute()); }

    /// The largest that is there for a while: a layer's backward pass, with checkpointing its inside too, or the logits'.
    long work() {
        long image = !hasImageGraph() ? 0 : counts.image().workBytes() + (checkpointing ? imageKept() / dit().layers() : 0);
        long captions = counts.packed().workBytes()
                + (checkpointing && hasCaptionGraph() ? counts.packed().keptBytes() / Math.max(1, stage.captionDepth()) : 0);
        long spoken = counts.sentences().workBytes() + (checkpointing ? counts.sentences().keptBytes() / text().layers() : 0);
        long logits = stage.spoken() * stage.spokenTokens() * (long) text().vocabulary() * (wide() + compute());
        return Math.max(Math.max(image, captions), Math.max(spoken, logits));
    }

    /// Keys and values of captions without a graph, noise and noisy images, the images' bytes.
    long caches() {
        long keys = hasCaptionGraph() ? 0 : stage.captions() * textKeys();
        long numbers = (long) stage.stage().batch() * dit().inChannels() * stage.tokens() * dit().patch() * dit().patch();
        return keys + (stage.sampled() ? 4 * numbers * 4 : 0) + autoencoder() + waiting();
    }

    /// What is kept of captions, of batches that were read ahead, in the heap.
    private long waiting() {
        long numbers = stage.shapes().config().isDeep() ? textKeys() / compute() : (long) stage.caption() * text().hidden();
        long rows = numbers * Float.BYTES;
        return stage.sampled() && stage.recipe().readsText()
                ? Prefetch.AHEAD * (long) stage.recipe().data().workers() * stage.stage().batch() * rows
                : 0;
    }

    /// Keys and values that a text hands to the image.
    private long textKeys() { return 2L * stage.readingBlocks() * compute() * stage.caption() * text().kvHeads() * text().headDim(); }

    /// The autoencoder at work on one image after the other, at its widest level: some feature maps of the image's size.
    private long autoencoder() {
        var sizes = stage.shapes().autoencoder();
        boolean validates = stage.recipe().evaluation().validation() != null;
        if (sizes == null || !stage.sampled() || stage.recipe().readsLatents() && !validates) return 0;
        return 4 * stage.recipe().largest(stage.stage()).pixels() * sizes.blockChannels().getFirst() * wide();
    }

    /// Images sampled with guidance, two samples each, without a graph.
    long sampling() {
        long rows = 2L * stage.recipe().sampling().batch();
        long block = stage.tokens() * compute() * (3L * dit().intermediate() + 4L * dit().width());
        long layer = stage.caption() * compute() * (3L * text().intermediate() + 4L * text().hidden());
        return rows * (block + textKeys() + layer);
    }
}
