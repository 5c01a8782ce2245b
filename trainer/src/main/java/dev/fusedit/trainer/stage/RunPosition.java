package dev.fusedit.trainer.stage;

import com.fasterxml.jackson.annotation.JsonProperty;

/// How far a run is, over all stages.
///
/// @param step optimizer steps done
/// @param image position of the first image that has not been trained on
/// @param sentence that of the first sentence
public record RunPosition(long step, @JsonProperty("picture") long image, long sentence) {}
