package dev.fusedit.trainer.log;

/// What is drawn of numbers.
public sealed interface Plot permits LinePlot, DotPlot {
    String title();

    /// As a picture, where nothing but pictures is shown.
    PngImage image();
}
