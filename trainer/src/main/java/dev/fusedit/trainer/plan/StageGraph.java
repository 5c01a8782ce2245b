package dev.fusedit.trainer.plan;

import dev.fusedit.fusion.dit.DiTConfig;
import dev.fusedit.fusion.llm.LanguageModelConfig;

/// The graphs of a micro-batch: captions, images, and the language loss's texts, all of which one backward pass goes through.
///
/// @param checkpointing whether only each layer's input is kept
record StageGraph(StageShape stage, Activations activations, boolean checkpointing) {
    private DiTConfig dit() { return stage.shapes().config().image(); }

    private LanguageModelConfig text() { return stage.shapes().config().text(); }

    private long hasImageGraph() { return stage.sampled() && (stage.trainsDit() || stage.flowReachesLlm()) ? 1 : 0; }

    private long captionGraphs() { return stage.flowReachesLlm() || stage.readsCaptions() && stage.trainsLlm() ? stage.captions() : 0; }

    private long spokenApart() { return stage.readsCaptions() || !stage.trainsLlm() ? 0 : stage.spoken(); }

    /// What is kept when forward passes have ended.
    long kept() {
        long e = activations.compute();
        long image = hasImageGraph() * stage.images() * dit().layers() * (checkpointing ? e * stage.tokens() * dit().width() : block());
        long captions = captionGraphs() * stage.captionDepth() * (checkpointing ? e * stage.computedCaption() * text().hidden()
                : activations.layer(text(), stage.computedCaption()));
        long spoken = spokenApart() * text().layers() * (checkpointing ? e * stage.sentence() * text().hidden()
                : activations.layer(text(), stage.sentence()));
        long logits = stage.trainsLlm() ? stage.spoken() * activations.logits(text(), stage.spokenTokens()) : 0;
        return image + captions + spoken + logits + modulation();
    }

    private long block() {
        return activations.block(dit(), stage.shapes().config().fusion(), Math.ceilDiv(stage.images(), stage.lanes()), stage.tokens(),
                stage.caption());
    }

    /// Six vectors a block and image.
    private long modulation() {
        return hasImageGraph() * stage.images() * dit().layers() * 6L * dit().width() * activations.wide();
    }

    /// The largest that is there for a while: a layer's backward pass, with checkpointing its inside too, or the logits'.
    long work() {
        long image = hasImageGraph() * stage.images() * (activations.blockWork(dit(), stage.tokens()) + (checkpointing ? block() : 0));
        long texts = Math.max(captionGraphs() * layer(stage.computedCaption()), spokenApart() * layer(stage.sentence()));
        long frozen = stage.captions() * activations.layerWork(text(), stage.computedCaption());
        long logits = stage.spoken() * activations.logitsWork(text(), stage.spokenTokens());
        return Math.max(Math.max(image, frozen), Math.max(texts, logits));
    }

    private long layer(int tokens) {
        return activations.layerWork(text(), tokens) + (checkpointing ? activations.layer(text(), tokens) : 0);
    }

    /// Keys and values of captions without a graph, noise and noisy images, the images' bytes.
    long caches() {
        long keys =
                captionGraphs() > 0 ? 0 : stage.captions() * (long) stage.readingBlocks() * activations.textKeys(text(), stage.caption());
        long numbers = (long) stage.stage().batch() * dit().inChannels() * stage.tokens() * dit().patch() * dit().patch();
        return keys + (stage.sampled() ? 4 * numbers * 4 : 0) + autoencoder();
    }

    /// The autoencoder at work on one image after the other, at its widest level: some feature maps of the image's size.
    private long autoencoder() {
        var sizes = stage.shapes().autoencoder();
        if (sizes == null || !stage.sampled()) return 0;
        long side = stage.recipe().side(stage.stage());
        return 4L * side * side * sizes.blockChannels().getFirst() * activations.wide();
    }

    /// Images sampled with guidance, two samples each, without a graph.
    long sampling() {
        long rows = 2L * stage.recipe().sampling().batch();
        return rows * (activations.blockForward(dit(), stage.tokens())
                + (long) stage.readingBlocks() * activations.textKeys(text(), stage.caption())
                + activations.layerWork(text(), stage.caption()));
    }
}
