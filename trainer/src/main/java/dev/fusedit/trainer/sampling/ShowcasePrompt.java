package dev.fusedit.trainer.sampling;

import dev.fusedit.trainer.data.blocks.Caption;
import java.util.Optional;

/// A prompt of a run's grids.
///
/// @param caption by which it is judged whether it came true; of the built-in data alone
public record ShowcasePrompt(String text, Optional<Caption> caption) {
    public static ShowcasePrompt of(String text) { return new ShowcasePrompt(text, Optional.empty()); }

    public static ShowcasePrompt of(Caption caption) { return new ShowcasePrompt(caption.text(), Optional.of(caption)); }
}
