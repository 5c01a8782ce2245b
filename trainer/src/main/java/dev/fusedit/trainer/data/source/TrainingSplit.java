package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;

/// Which samples of a source are trained on, and which are kept for validation.
///
/// @param held may be empty
public record TrainingSplit(ImageSource source, ImmutableList<SampleFacts> trained, ImmutableList<SampleFacts> held) {}
