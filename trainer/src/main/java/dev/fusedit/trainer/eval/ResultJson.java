package dev.fusedit.trainer.eval;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.trainer.eval.blocks.BlocksScore;
import java.util.Map;

/// What a finished run says of itself to scripts: `result.json`.
///
/// @param seconds from the start of the process to its end, all included
/// @param steps of the optimizer, over all stages
/// @param imagesPerSecond in training
/// @param peakMib the most that a process took of its device's memory
/// @param weights `ema` or `raw`: which the scored images were sampled with
/// @param blocks scores by set: `seen`, `heldout`, `paraphrase`
public record ResultJson(double seconds, long steps, double imagesPerSecond, double peakMib, double guidance, int sampleSteps,
        String weights,
        Map<String, BlocksScore> blocks) {
    public ResultJson {
        blocks = ImmutableMap.copyOf(blocks);
    }

    /// Indented, with a line break at the end.
    public String text() {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("seconds", round(seconds, 10)).put("steps", steps).put("images_per_second", round(imagesPerSecond, 100));
        json.put("peak_mib", round(peakMib, 10)).put("guidance", guidance).put("sample_steps", sampleSteps).put("weights", weights);
        var sets = json.putObject("blocks");
        blocks.forEach((set, score) -> sets.set(set, score.toJson()));
        return json.toPrettyString() + "\n";
    }

    private static double round(double value, int parts) { return (double) Math.round(value * parts) / parts; }
}
