package dev.fusedit.trainer.stage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;

/// Where a run stands, beside its tensors: `state.json` of a checkpoint. All of it is a function of recipe and step: no times, no places.
///
/// @param step optimizer steps done, over all stages; a stage that ended early counts as done to its end
/// @param stage the one whose optimizer is in the checkpoint
/// @param nextPicture position of the first image that has not been trained on
/// @param nextSentence that of the first sentence
/// @param averageUpdates of the moving average; 0 if there is none
/// @param loop what the stage's loop remembers
public record RunState(int version, long step, String stage, long nextPicture, long nextSentence, long averageUpdates, StageState loop) {
    private static final int VERSION = 1;
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT)
            .disable(MapperFeature.AUTO_DETECT_IS_GETTERS).build(); // the records' components alone

    /// At the end of a step of a stage.
    public static RunState of(StagePlan plan, long step, long averageUpdates, StageState loop) {
        long inStage = step - plan.firstStep();
        return new RunState(VERSION, step, plan.stage().name(), plan.firstImage() + inStage * StagePlan.images(plan.stage()),
                plan.firstSentence() + inStage * StagePlan.sentences(plan.stage()), averageUpdates, loop);
    }

    String text() {
        try {
            return JSON.writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /// @param file what errors call it
    /// @throws UserError if it is not what [#text] writes
    public static RunState parse(String text, String file) {
        var state = JsonFile.record(text, file, RunState.class, "Resume from another checkpoint");
        if (state.version != VERSION) {
            throw new UserError("%s is of version %d, this program reads version %d".formatted(file, state.version, VERSION));
        }
        return state;
    }
}
