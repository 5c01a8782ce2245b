package dev.fusedit.trainer.stage;

import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.nn.Placement;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Path;

/// What learns: a model of pictures with text, the weights that it owns, the words that it knows, and what its pictures are made of.
///
/// @param latents frozen
public record Trainee(Weights weights, ImageModel model, WordTokenizer tokenizer, Latents latents) implements AutoCloseable {
    /// An untrained one, the same for the same seed.
    static Trainee fresh(ImageModelConfig config, WordTokenizer tokenizer, Placement placement, Seed seed) {
        var weights = Weights.fresh(seed, placement);
        return new Trainee(weights, config.build(weights), tokenizer, Latents.PIXELS);
    }

    /// An untrained one of a recipe, with the recipe's autoencoder if it has one.
    ///
    /// @throws UserError if the autoencoder cannot be read or does not fit the model
    static Trainee fresh(Recipe recipe, WordTokenizer tokenizer, Placement placement, Seed seed) {
        var latents = latents(recipe, placement);
        try {
            int side = recipe.data().imageSize() / latents.space().factor();
            var trainee = fresh(ModelConfigs.of(recipe.model(), tokenizer.size(), side), tokenizer, placement, seed);
            return new Trainee(trainee.weights, trainee.model, tokenizer, latents);
        } catch (RuntimeException e) {
            latents.close();
            throw e;
        }
    }

    private static Latents latents(Recipe recipe, Placement placement) {
        if (recipe.model().vae() == null) {
            return Latents.PIXELS;
        }
        if (recipe.weights().vae() == null) {
            throw new UserError("recipe '%s' trains on the latents of '%s', but weights.vae does not say where that is. Give its folder"
                    .formatted(recipe.run().name(), recipe.model().vae()));
        }
        var encoded = Latents.Encoded.read(Path.of(recipe.weights().vae()), placement.device(), "weights.vae");
        int channels = encoded.vae().config().latentChannels();
        if (channels != recipe.model().dit().channels()) {
            encoded.close();
            throw new UserError("weights.vae: the autoencoder in %s has %d channels, but model.dit.channels is %d"
                    .formatted(recipe.weights().vae(), channels, recipe.model().dit().channels()));
        }
        return encoded;
    }

    /// Frees the weights, and those of the autoencoder.
    @Override
    public void close() {
        weights.close();
        latents.close();
    }
}
