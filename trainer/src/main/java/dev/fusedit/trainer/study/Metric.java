package dev.fusedit.trainer.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Ascii;
import dev.fusedit.trainer.compare.ComparedRun;
import dev.fusedit.trainer.recipe.binding.Names;
import java.util.OptionalDouble;

/// A number that a trained model is judged by. All of a study's are told; one of them is its endpoint.
public enum Metric {
    /// The flow loss by `eval --suite loss`, over noise levels as often as training meets them, with the weights that the model samples with.
    VALIDATION_FLOW("validation flow loss", Better.LOWER),
    /// What a changed word costs, over noise levels in the same way, by `eval --suite consistency`.
    CAPTION_GAP("caption gap", Better.HIGHER),
    /// The share of pairs whose captions the loss tells apart.
    CAPTION_ACCURACY("captions told apart", Better.HIGHER),
    /// Scores of Blocks.
    SEEN("score seen", Better.HIGHER), HELDOUT("score heldout", Better.HIGHER), PARAPHRASE("score paraphrase", Better.HIGHER),
    /// Of the language model, in the run's last validation: what it forgets.
    CAPTION_PERPLEXITY("caption perplexity", Better.LOWER), TEXT_PERPLEXITY("text perplexity", Better.LOWER);

    /// Which way is up.
    public enum Better {
        LOWER, HIGHER;

        /// A number that is the larger the better it is.
        public double goodness(double value) { return this == LOWER ? -value : value; }
    }

    private final String label;
    private final Better better;

    Metric(String label, Better better) {
        this.label = label;
        this.better = better;
    }

    public String label() { return label; }

    public Better better() { return better; }

    /// As in the study's file: `validation-flow`.
    public String word() { return Names.constant(this); }

    /// As in tables: `validation_flow`.
    public String key() { return Ascii.toLowerCase(name()); }

    /// What a model reaches that learned nothing of it; empty where that depends on the data.
    OptionalDouble usualFloor() {
        return switch (this) {
            case CAPTION_GAP, SEEN, HELDOUT, PARAPHRASE -> OptionalDouble.of(0);
            case VALIDATION_FLOW, CAPTION_ACCURACY, CAPTION_PERPLEXITY, TEXT_PERPLEXITY -> OptionalDouble.empty();
        };
    }

    /// @param evaluation the `eval.json` of the run
    /// @return empty where the run has no such number
    OptionalDouble of(ComparedRun run, JsonNode evaluation, NoiseShares levels) {
        return switch (this) {
            case VALIDATION_FLOW -> mean(evaluation.at("/loss/bins"), levels);
            case CAPTION_GAP -> mean(evaluation.at("/consistency/gap_by_sigma"), levels);
            case CAPTION_ACCURACY -> number(evaluation.at("/consistency/all/text/value"));
            case SEEN, HELDOUT, PARAPHRASE -> number(run.scores().path(key()).path("mean"));
            case CAPTION_PERPLEXITY, TEXT_PERPLEXITY -> run.validation(key());
        };
    }

    private static OptionalDouble mean(JsonNode intervals, NoiseShares levels) {
        return intervals.isEmpty() ? OptionalDouble.empty()
                : OptionalDouble.of(levels.mean(intervals.valueStream().map(interval -> interval.path("value").asDouble()).toList()));
    }

    private static OptionalDouble number(JsonNode node) {
        return node.isNumber() ? OptionalDouble.of(node.asDouble()) : OptionalDouble.empty();
    }
}
