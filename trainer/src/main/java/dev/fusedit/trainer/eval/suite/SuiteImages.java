package dev.fusedit.trainer.eval.suite;

import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.sampling.WantedImage;
import java.util.Optional;

/// The images that a suite asked for, wherever they come from. One thread's.
@FunctionalInterface
public interface SuiteImages {
    /// Empty where it is not there, which only images that another program made are.
    Optional<PngImage> of(WantedImage wanted);

    /// Whether it is there; it is not read.
    default boolean has(WantedImage wanted) { return true; }
}
