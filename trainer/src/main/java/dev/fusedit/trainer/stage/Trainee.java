package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.nn.Placement;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.recipe.Part;

/// What learns: a fused model, the weights that it owns, and the words that it knows.
public record Trainee(Weights weights, FuseDiT model, WordTokenizer tokenizer) implements AutoCloseable {
    /// An untrained one, the same for the same seed.
    static Trainee fresh(FuseDiTConfig config, WordTokenizer tokenizer, Placement placement, Seed seed) {
        var weights = Weights.fresh(seed, placement);
        return new Trainee(weights, FuseDiT.of(config, weights), tokenizer);
    }

    /// Which part a parameter belongs to, by its name in the whole model.
    static Part part(String name) { return name.startsWith("llm.") ? Part.LLM : Part.DIT; }

    /// Frees the weights.
    @Override
    public void close() { weights.close(); }
}
