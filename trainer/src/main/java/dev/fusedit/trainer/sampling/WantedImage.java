package dev.fusedit.trainer.sampling;

import dev.fusedit.fusion.pipeline.InitialNoise;
import dev.fusedit.torch.Seed;

/// One image that is asked for: it is made again alone by `sample --prompt PROMPT --seed SEED`.
///
/// @param file where it is kept, below a folder, with slashes
public record WantedImage(String file, String prompt, Seed seed) {
    /// The image at a place of a set that has one seed.
    public static WantedImage of(String file, String prompt, Seed ofSet, int place) {
        return new WantedImage(file, prompt, InitialNoise.alone(ofSet, place));
    }

    public ImageSampler.SeededPrompt seeded() { return new ImageSampler.SeededPrompt(prompt, InitialNoise.ofImage(seed, 0)); }
}
