package dev.fusedit.trainer.sampling;

import dev.fusedit.fusion.flow.FlowSampler;
import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.TextToImagePipeline;
import dev.fusedit.trainer.log.ProgressLine;
import java.util.function.DoubleConsumer;
import java.util.function.LongSupplier;

/// The console's line while images are sampled: how many there are, and how long the rest takes.
///
/// What is left goes by what was sampled so far. What is expected beforehand counts as a twentieth of the images.
public final class SamplingProgress {
    private static final double EXPECTED = 0.05;
    /// A shorter wait for images that were asked for needs no line.
    private static final double QUIET_SECONDS = 2;

    private static final double ROUNDING = 1e-6;

    private final ProgressLine console;
    private final String name;
    private final int images;
    private final double expected;
    private final double quiet;
    private final LongSupplier nanoTime;
    private final long began;
    private double sampled;

    /// @param images in all
    /// @param expected seconds for all of them; NaN if nothing is known
    /// @param quiet seconds in which nothing is said
    public SamplingProgress(ProgressLine console, String name, int images, double expected, double quiet, LongSupplier nanoTime) {
        this.console = console;
        this.name = name;
        this.images = images;
        this.expected = expected;
        this.quiet = quiet;
        this.nanoTime = nanoTime;
        began = nanoTime.getAsLong();
        tell();
    }

    /// Of a command that samples: nothing is known beforehand.
    public static SamplingProgress of(ProgressLine console, String name, int images) {
        return new SamplingProgress(console, name, images, Double.NaN, QUIET_SECONDS, System::nanoTime);
    }

    /// What the pipeline tells of a request, as images more.
    public static TextToImagePipeline.Progress of(ImageRequest request, DoubleConsumer more) {
        return new TextToImagePipeline.Progress() {
            private double before;

            @Override
            public void after(int firstImage, FlowSampler.Step step) {
                double now = firstImage + (double) step.latents().size(0) * (step.number() + 1) / request.settings().steps();
                more.accept(now - before);
                before = now;
            }
        };
    }

    /// So many more are sampled. Any thread may say so.
    public synchronized void add(double more) {
        sampled += more;
        tell();
    }

    private void tell() {
        double seconds = (nanoTime.getAsLong() - began) / 1e9;
        if (seconds >= quiet) {
            console.update(ProgressLine.Progress.counted(name, (long) (sampled + ROUNDING), images, left(seconds)));
        }
    }

    private double left(double seconds) {
        double share = sampled / images;
        double all = Double.isNaN(expected) ? seconds / share : (EXPECTED * expected + seconds) / (EXPECTED + share);
        return (1 - share) * all;
    }
}
