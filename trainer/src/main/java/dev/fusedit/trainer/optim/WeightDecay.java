package dev.fusedit.trainer.optim;

import dev.fusedit.nn.Parameter;
import dev.fusedit.trainer.recipe.OptimizerRecipe;
import java.util.regex.Pattern;

/// The one rule for which parameters decay.
public final class WeightDecay {
    /// Tables of which a sample reads some rows, and tokens that stand for themselves.
    private static final Pattern EMBEDDING =
            Pattern.compile("(.*\\.)?(embed_tokens\\.weight|words\\.weight|position_embeddings|(cls|mask|register)_tokens?)");

    private WeightDecay() {}

    /// Whether a parameter's weights decay.
    public static boolean decays(OptimizerRecipe.Decay decay, Parameter parameter) {
        return switch (decay) {
            case ALL -> true;
            case MATRICES -> parameter.master().rank() > 1 && !EMBEDDING.matcher(parameter.name()).matches();
        };
    }
}
