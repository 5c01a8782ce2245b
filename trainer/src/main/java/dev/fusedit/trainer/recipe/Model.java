package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

/// A language model and a diffusion transformer, fused layer by layer.
///
/// @param prediction what the network's output means, for training and sampling alike
public record Model(LanguageModel llm, Dit dit, @Default("joint") Fusion fusion, @Default("2d") Positions positions,
        @Default("adaln-zero") Time time, @Default("true") boolean qkNorm, @Default("false") boolean sandwichNorm,
        @Default("velocity") Prediction prediction) {
    public Model {
        checkArgument(dit.layers == llm.layers, "dit.layers must be that of llm.layers (%s), since they are fused one to one, but is %s",
                llm.layers,
                dit.layers);
        if (positions instanceof Positions.Ape)
            checkArgument(dit.width % 4 == 0, "dit.width must be a multiple of 4 with positions 'ape', but is %s", dit.width);
        if (positions instanceof Positions.Rope2d || positions instanceof Positions.MRope)
            checkArgument(llm.headWidth % 4 == 0, "llm.head_width must be a multiple of 4 with these positions, but is %s", llm.headWidth);
    }

    /// Its vocabulary is that of its tokenizer. `heads` and `headWidth` hold for the image's side of the fused attention too.
    ///
    /// @param maxTokens longest text, in tokens; longer captions are cut
    /// @param initRange deviation of new weights. Gemma's 0.02 fits its width of 2048; about 1/√width keeps keys and values of a narrow model
    ///        as large as the image's, whose projections are Xavier's
    public record LanguageModel(@Default("gemma") Family family, int width, int layers, int heads, int kvHeads, int headWidth, int mlpWidth,
            @Default("words") Tokenizer tokenizer, @Default("32") int maxTokens, @Default("0.02") double initRange) {
        public LanguageModel {
            positive("width", width);
            positive("layers", layers);
            positive("heads", heads);
            positive("kv_heads", kvHeads);
            positive("mlp_width", mlpWidth);
            positive("max_tokens", maxTokens);
            checkArgument(initRange > 0, "init_range must be more than 0, but is %s", initRange);
            checkArgument(heads % kvHeads == 0, "kv_heads must divide heads (%s), but is %s", heads, kvHeads);
            checkArgument(headWidth > 0 && headWidth % 2 == 0, "head_width must be even and at least 2, but is %s", headWidth);
        }
    }

    /// @param patch side of a patch in pixels (or latents)
    /// @param channels of the pictures (or latents)
    public record Dit(int width, int layers, int mlpWidth, @Default("2") int patch, @Default("3") int channels) {
        public Dit {
            positive("width", width);
            positive("layers", layers);
            positive("mlp_width", mlpWidth);
            positive("patch", patch);
            positive("channels", channels);
        }
    }

    public enum Family { GEMMA }

    public enum Tokenizer { WORDS }

    /// How the image's rows see the text: keys of both in one attention, or an attention of its own over the text.
    public sealed interface Fusion {
        record Joint() implements Fusion {}

        record Cross() implements Fusion {}
    }

    /// How a patch knows its place: sines and cosines added to it, or rotary positions.
    public sealed interface Positions {
        record Ape() implements Positions {}

        @Named("1d")
        record Rope1d() implements Positions {}

        @Named("2d")
        record Rope2d() implements Positions {}

        record MRope() implements Positions {}
    }

    /// How the transformer knows the time.
    public sealed interface Time {
        record AdalnZero() implements Time {}

        record AdalnSingle() implements Time {}

        record Addition() implements Time {}

        record None() implements Time {}
    }

    /// The flow's velocity `noise - picture`, or the clean picture.
    public enum Prediction { VELOCITY, CLEAN }

    private static void positive(String key, int value) { checkArgument(value > 0, "%s must be at least 1, but is %s", key, value); }
}
