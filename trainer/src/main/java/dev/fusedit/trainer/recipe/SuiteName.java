package dev.fusedit.trainer.recipe;

import com.google.common.base.Ascii;

/// The suites.
public enum SuiteName {
    /// Six kinds of captions of the built-in data, judged by pixels.
    BLOCKS,
    /// GenEval (Ghosh et al. 2023): objects, counts, colours, places, by detections.
    GENEVAL,
    /// DPG-Bench (Hu et al. 2024): questions about dense prompts.
    DPG,
    /// CLIPScore (Hessel et al. 2021).
    CLIP,
    /// Distances from a folder of images.
    REFERENCE,
    /// Two captions that differ in one word, from the same noise.
    PAIRS,
    /// Whether the loss tells a caption from a changed one.
    CONSISTENCY,
    /// How different right images of one caption are.
    DIVERSITY,
    /// The flow loss by noise level.
    LOSS;

    /// As in JSON and names of folders.
    public String key() { return Ascii.toLowerCase(name()); }

    /// As options list it.
    @Override
    public String toString() { return key(); }
}
