package dev.fusedit.trainer.stage;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.io.JsonFile;

/// What a run has cost so far, over all processes that worked on it: `times.json` of a checkpoint, apart from the state since it differs
/// from run to run.
///
/// @param seconds of all processes from their starts; work that was lost by a kill is not counted
/// @param trainingSeconds in stages with images
/// @param images trained on
/// @param peakMib largest resident memory of any of the processes
public record RunFigures(double seconds, double trainingSeconds, @JsonProperty("pictures") long images, long peakMib) {
    public static final RunFigures NONE = new RunFigures(0, 0, 0, 0);
    private static final JsonMapper JSON = new JsonMapper();

    public double imagesPerSecond() { return trainingSeconds == 0 ? 0 : images / trainingSeconds; }

    /// With what this process has cost up to now.
    public RunFigures now(double training, long trainedOn) {
        return new RunFigures(seconds + ProcessFigures.seconds(), trainingSeconds + training, images + trainedOn,
                Math.max(peakMib, ProcessFigures.peakMiB()));
    }

    String text() {
        try {
            return JSON.writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /// @param file what errors call it
    static RunFigures parse(String text, String file) {
        return JsonFile.record(text, file, RunFigures.class, "Resume from another checkpoint");
    }
}
