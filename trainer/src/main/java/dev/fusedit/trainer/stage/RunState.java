package dev.fusedit.trainer.stage;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.recipe.Recipe;
import org.jspecify.annotations.Nullable;

/// Where a run stands, beside its tensors: `state.json` of a checkpoint. All of it is a function of recipe and step: no times, no places.
///
/// @param step optimizer steps done, over all stages; a stage that ended early counts as done to its end
/// @param stage the one whose optimizer is in the checkpoint
/// @param nextPicture position of the first image that has not been trained on
/// @param nextSentence that of the first sentence
/// @param averageUpdates of the moving average; 0 if there is none
/// @param loop what the stage's loop remembers
/// @param began where the stage began; null, and not in the file, where that follows from the recipe
public record RunState(int version, long step, String stage, long nextPicture, long nextSentence, long averageUpdates, StageState loop,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable RunPosition began) {
    private static final int VERSION = 1;
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT)
            .disable(MapperFeature.AUTO_DETECT_IS_GETTERS).build(); // the records' components alone

    /// At the end of a step of a stage.
    ///
    /// @param recipe that the plan is of
    public static RunState of(Recipe recipe, StagePlan plan, long step, long averageUpdates, StageState loop) {
        var at = plan.at(step);
        return new RunState(VERSION, step, plan.stage().name(), at.image(), at.sentence(), averageUpdates, loop,
                plan.isMoved(recipe) ? plan.began() : null);
    }

    RunPosition position() { return new RunPosition(step, nextPicture, nextSentence); }

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
