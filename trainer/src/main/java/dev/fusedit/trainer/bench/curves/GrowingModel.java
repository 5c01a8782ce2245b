package dev.fusedit.trainer.bench.curves;

import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.torch.UserError;
import java.util.ArrayList;
import java.util.Comparator;

/// Sizes that grow in width and depth together: so many layers, and as many heads of 64, one more or one less; both sides are as wide as
/// the heads are together, MLPs 8/3 as wide (rounded up to a multiple of 32), queries' heads share one of keys. The vocabulary has 512
/// words, so that nearly all parameters are multiplied with. Six layers and heads are train-s's.
record GrowingModel(int layers, int heads) {
    private static final int HEAD = 64;
    private static final int VOCABULARY = 512;
    private static final int MULTIPLE = 32;
    private static final int TIME_FREQUENCIES = 256;
    private static final int PATCH = 2 * 2 * 16;
    private static final int MOST_LAYERS = 100;
    private static final double TOLERANCE = 0.15;

    /// The one whose parameters, of both sides, are nearest to so many.
    ///
    /// @throws UserError if none has nearly as many
    static GrowingModel nearest(long parameters) {
        var models = new ArrayList<GrowingModel>();
        for (int layers = 1; layers <= MOST_LAYERS; layers++) {
            for (int heads = Math.max(1, layers - 1); heads <= layers + 1; heads++) {
                models.add(new GrowingModel(layers, heads));
            }
        }
        var nearest = models.stream().min(Comparator.comparingDouble(model -> model.distance(parameters))).orElseThrow();
        if (nearest.distance(parameters) > Math.log(1 + TOLERANCE)) {
            throw new UserError("no model of this kind has about %,d parameters; the nearest has %,d".formatted(parameters,
                    nearest.parameters()));
        }
        return nearest;
    }

    private double distance(long parameters) { return Math.abs(Math.log((double) parameters() / parameters)); }

    int width() { return HEAD * heads; }

    private int intermediate() { return Math.ceilDiv(8 * width(), 3 * MULTIPLE) * MULTIPLE; }

    /// Of the matrices and the table of words: within a hundredth of all.
    long parameters() {
        long width = width();
        long attentionAndMlp = 2 * width * width + 2 * width * HEAD + 3 * width * intermediate();
        long modulation = 6 * width * width;
        long ends = (VOCABULARY + TIME_FREQUENCIES + 2 * PATCH) * width + 3 * width * width; // squares: noise level one, last norm two
        return layers * (2 * attentionAndMlp + modulation) + ends;
    }

    /// @param base what the image side is like in all else
    FuseDiTConfig config(FuseDiTConfig base) {
        var image = base.image().toBuilder().width(width()).intermediate(intermediate()).layers(layers).heads(heads, 1, HEAD).build();
        var text = LanguageModelConfig.gemma(VOCABULARY, width(), intermediate(), layers, heads, 1, HEAD);
        return new FuseDiTConfig(text, image, base.fusion(), 0, base.shared(), base.attention());
    }
}
