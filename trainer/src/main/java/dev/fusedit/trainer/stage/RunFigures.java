package dev.fusedit.trainer.stage;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a run has cost so far, over all processes that worked on it: `times.json` of a checkpoint, apart from the state since it differs
/// from run to run.
///
/// @param seconds of all processes from their starts; work that was lost by a kill is not counted
/// @param trainingSeconds in stages with images
/// @param images trained on
/// @param peakMib the most that any of the processes took of the memory of the device it trained on ([ProcessFigures#peakMiB(Device)])
/// @param machine that the last process ran on; null in checkpoints that earlier versions wrote
public record RunFigures(double seconds, double trainingSeconds, @JsonProperty("pictures") long images, long peakMib,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable RunMachine machine) {
    public static final RunFigures NONE = new RunFigures(0, 0, 0, 0, null);
    private static final JsonMapper JSON = new JsonMapper();

    public double imagesPerSecond() { return trainingSeconds == 0 ? 0 : images / trainingSeconds; }

    /// With what this process has cost up to now.
    ///
    /// @param device it trains on
    public RunFigures now(double training, long trainedOn, Device device) {
        return new RunFigures(seconds + ProcessFigures.seconds(), trainingSeconds + training, images + trainedOn,
                Math.max(peakMib, ProcessFigures.peakMiB(device)), RunMachine.here());
    }

    public String text() {
        try {
            return JSON.writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /// As a checkpoint has them.
    ///
    /// @throws UserError if it has none, or they cannot be read
    public static RunFigures of(Checkpoint checkpoint) {
        var text = CheckpointFiles.text(checkpoint, CheckpointFiles.TIMES);
        return JsonFile.record(text, checkpoint.file(CheckpointFiles.TIMES).toString(), RunFigures.class, "Resume from another checkpoint");
    }

    /// What is told where a run goes on elsewhere than before: other bits follow. Empty where it does not, or where nobody knows.
    public Optional<String> elsewhere(RunMachine here) {
        return machine == null || machine.equals(here) ? Optional.empty()
                : Optional.of(
                        "Up to here the run computed with %s, from here on with %s: what follows is equal up to rounding, not in every bit (docs/numbers.md)"
                                .formatted(machine, here));
    }
}
