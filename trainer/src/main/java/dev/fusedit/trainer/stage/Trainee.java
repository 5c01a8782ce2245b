package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.nn.Placement;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;

/// What learns: a model of pictures with text, the weights that it owns, and the words that it knows.
public record Trainee(Weights weights, ImageModel model, WordTokenizer tokenizer) implements AutoCloseable {
    /// An untrained one, the same for the same seed.
    static Trainee fresh(ImageModelConfig config, WordTokenizer tokenizer, Placement placement, Seed seed) {
        var weights = Weights.fresh(seed, placement);
        return new Trainee(weights, config.build(weights), tokenizer);
    }

    /// Frees the weights.
    @Override
    public void close() { weights.close(); }
}
