package dev.fusedit.trainer.model;

import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.ImageModelConfig;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.nn.Adapters;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A model with what it needs to train and sample: its weights, its tokenizer, and the frozen parts around it.
///
/// @param latents what the model's images are made of
/// @param clip a second reading of captions; null for a model that takes none
public record ModelBundle(Weights weights, ImageModel model, Tokenizer tokenizer, Latents latents, @Nullable ClipCaptions clip)
        implements AutoCloseable {
    /// An untrained one of pixels, the same for the same seed.
    public static ModelBundle fresh(ImageModelConfig config, Tokenizer tokenizer, DTypePolicy policy, Seed seed) {
        return fresh(config, Adapters.NONE, tokenizer, policy, seed);
    }

    private static ModelBundle fresh(ImageModelConfig config, Adapters adapters, Tokenizer tokenizer, DTypePolicy policy, Seed seed) {
        var weights = Weights.fresh(seed, policy).adapted(adapters);
        try {
            var model = config.build(weights);
            weights.requireTargets();
            return new ModelBundle(weights, model, tokenizer, Latents.PIXELS, null);
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    /// An untrained one of a recipe, with the recipe's autoencoder and CLIP if it has them.
    ///
    /// @throws UserError if one of them cannot be read or does not fit the model
    public static ModelBundle fresh(Recipe recipe, Tokenizer tokenizer, DTypePolicy policy, Seed seed) {
        return fresh(recipe, TextConfigs.of(recipe, RecipeTokenizers.size(tokenizer)), tokenizer, policy, seed, _ -> {});
    }

    /// As [#fresh(Recipe, Tokenizer, DTypePolicy, Seed)] with a language model of which files said more than the recipe does.
    ///
    /// @param said told of what differs from the recipe and was accepted
    static ModelBundle fresh(Recipe recipe, LanguageModelConfig text, Tokenizer tokenizer, DTypePolicy policy, Seed seed,
            Consumer<String> said) {
        var latents = latents(recipe, policy, said);
        try {
            int side = recipe.largestSide() / latents.space().factor();
            var config = RecipeModelConfigs.of(recipe.model(), text, side);
            var clip = clip(recipe, config.image().pooledText(), policy, said);
            var plain = fresh(config, recipe.model().adapted(), tokenizer, policy, seed);
            return new ModelBundle(plain.weights, plain.model, tokenizer, latents, clip);
        } catch (RuntimeException e) {
            latents.close();
            throw e;
        }
    }

    /// What the images of a recipe's model are made of.
    ///
    /// @param said told of what differs from the recipe and was accepted
    /// @throws UserError if its autoencoder cannot be read or does not fit the model
    public static Latents latents(Recipe recipe, DTypePolicy policy, Consumer<String> said) {
        if (recipe.model().vae() == null) {
            return Latents.PIXELS;
        }
        var folder = folder(recipe, "trains on the latents of", recipe.model().vae(), "weights.vae", recipe.weights().vae());
        var encoded = Latents.Encoded.read(folder, policy.device(), "weights.vae");
        try {
            StartingChecks.vae(recipe, encoded.vae().config(), folder.resolve("config.json").toString(), said);
        } catch (RuntimeException e) {
            encoded.close();
            throw e;
        }
        int channels = encoded.vae().config().latentChannels();
        if (channels != recipe.model().channels()) {
            encoded.close();
            throw new UserError("weights.vae: the autoencoder in %s has %d channels, but the model is given %d"
                    .formatted(folder, channels, recipe.model().channels()));
        }
        return encoded;
    }

    private static @Nullable ClipCaptions clip(Recipe recipe, int width, DTypePolicy policy, Consumer<String> said) {
        if (recipe.model().clip() == null) {
            return null;
        }
        var folder = folder(recipe, "reads captions by", recipe.model().clip(), "weights.clip", recipe.weights().clip());
        var clip = ClipCaptions.read(folder, policy.device(), "weights.clip");
        try {
            StartingChecks.clip(recipe, clip.text().clip().config(), folder.resolve("config.json").toString(), said);
        } catch (RuntimeException e) {
            clip.close();
            throw e;
        }
        if (clip.width() != width) {
            clip.close();
            throw new UserError(
                    "weights.clip: the CLIP in %s makes vectors of %d, but '%s' makes such of %d".formatted(folder, clip.width(),
                            recipe.model().clip(), width));
        }
        return clip;
    }

    private static Path folder(Recipe recipe, String what, String name, String key, @Nullable String folder) {
        if (folder == null) {
            throw new UserError(
                    "recipe '%s' %s '%s', but %s does not say where that is. Give its folder".formatted(recipe.run().name(), what,
                            name, key));
        }
        return Path.of(folder);
    }

    /// Frees the weights, and those of the frozen parts.
    @Override
    public void close() {
        weights.close();
        latents.close();
        if (clip != null) {
            clip.close();
        }
        if (tokenizer instanceof PretrainedTokenizer pretrained) {
            pretrained.close();
        }
    }
}
