package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.sampling.ImageSampler;
import dev.fusedit.trainer.sampling.KeptImages;
import dev.fusedit.trainer.sampling.WantedImage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Images that a model sampled, in memory or in a folder.
final class SampledImages {
    private SampledImages() {}

    /// In memory.
    static SuiteImages of(ImageSampler sampler, List<WantedImage> wanted) {
        var images = sampler.sample(wanted.stream().map(WantedImage::seeded).toList());
        var byName = ImmutableMap.<WantedImage, PngImage>builder();
        for (int i = 0; i < images.size(); i++) {
            byName.put(wanted.get(i), new PngImage(sampler.side(), images.get(i).length / 3 / sampler.side(), images.get(i)));
        }
        var all = byName.buildKeepingLast();
        return image -> Optional.ofNullable(all.get(image));
    }

    /// In the folder where they are kept; read when they are looked at.
    static SuiteImages in(KeptImages kept) {
        return wanted -> {
            try {
                return Optional.of(PngImage.read(kept.file(wanted)));
            } catch (IOException e) {
                throw new UserError("%s cannot be read: %s. Delete it, and the same command makes it again".formatted(kept.file(wanted),
                        e.getMessage()), e);
            }
        };
    }
}
