package dev.fusedit.trainer.stage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.UserError;

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
            .disable(MapperFeature.AUTO_DETECT_IS_GETTERS) // the records' components alone
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES, DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

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
        try {
            var state = JSON.readValue(text, RunState.class);
            if (state.version != VERSION) {
                throw new UserError("%s is of version %d, this program reads version %d".formatted(file, state.version, VERSION));
            }
            return state;
        } catch (JsonProcessingException e) {
            throw new UserError("%s is no state of a run: %s".formatted(file, e.getOriginalMessage()), e);
        }
    }
}
