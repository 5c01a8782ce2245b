package dev.fusedit.trainer.pace;

/// How fast training goes at present, and how long the run has taken and will.
public interface Speed {
    /// Of the last steps; 0 in a stage without images.
    double imagesPerSecond();

    /// Until the run ends.
    double secondsLeft();

    /// Of the run up to now.
    double seconds();
}
