package dev.fusedit.trainer.eval.suite;

import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PillowResize;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import dev.fusedit.trainer.data.blocks.Split;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.ImageSource;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.SourcePlaces;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.eval.metrics.HalfSamples;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.SuiteFile;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;

/// Images with captions that a model's loss is measured on, all of one side.
///
/// @param name where they are from, for reports
/// @param unread samples that could not be read and were passed over
record CaptionedImages(String name, ImmutableList<Sample> samples, int unread) {
    /// The name of the built-in data's.
    static final String BUILT_IN = "Blocks, captions that training never has";

    /// @param rgb side · side · 3 bytes
    record Sample(byte[] rgb, String caption) {}

    /// So many of a place, drawn by the seed; else of the built-in data's split `SEEN`, if that is the recipe's.
    ///
    /// @throws UserError if there are none, or the recipe has other data and no place is given
    static CaptionedImages of(Recipe recipe, Optional<Path> place, int count, Seed seed) {
        if (place.isPresent()) return of(place.get(), recipe.data().imageSize(), count, seed);
        require(recipe, place);
        int side = recipe.data().imageSize();
        return new CaptionedImages(BUILT_IN, IntStream.range(0, count)
                .mapToObj(i -> Blocks.sample(seed.derive("captioned").value(), i, Split.SEEN, BlocksMix.DEFAULT, side))
                .map(sample -> new Sample(sample.rgb(), sample.caption().text())).collect(ImmutableList.toImmutableList()), 0);
    }

    /// @throws UserError if the recipe has other data than the built-in, and no place is given
    static void require(Recipe recipe, Optional<Path> place) {
        if (place.isEmpty() && !recipe.data().isBuiltIn())
            throw new UserError("the model was trained on images of a person's own: give some that it has not seen by %s PLACE"
                    .formatted(SuiteFile.CAPTIONED.option()));
    }

    /// What of it is less than was asked for.
    ImmutableList<String> notes(int wanted) {
        var notes = ImmutableList.<String>builder();
        if (samples.size() < wanted) notes.add("%d images were asked for, and there are %d".formatted(wanted, samples.size()));
        if (unread > 0) notes.add("%d images could not be read, or have no caption".formatted(unread));
        return notes.build();
    }

    private static CaptionedImages of(Path place, int side, int count, Seed seed) {
        try (var source = SourcePlaces.open(place.toString(), ShardSettings.ofUser(ShardSettings.Pipes.REFUSED, _ -> {}))) {
            source.requireSamples();
            var transform = new ImageTransform(ImageDecoding.STRICT, PillowResize.Filter.BILINEAR, false, 0);
            var captions = CaptionRule.usual(source);
            var samples = ImmutableList.<Sample>builder();
            int found = 0, unread = 0;
            for (long index : shuffled(source, seed)) {
                if (found == count) break;
                try {
                    var image = transform.centred(SourceScan.decoded(source, (int) index, ImageDecoding.STRICT), ImageSize.square(side));
                    samples.add(new Sample(image.rgb(), captions.of(source.texts((int) index), 0, index)));
                    found++;
                } catch (BadSample _) {
                    unread++;
                }
            }
            if (found == 0) throw new UserError(place + ": no image has a caption");
            return new CaptionedImages(place.toString(), samples.build(), unread);
        }
    }

    /// All places in an order that the seed says.
    private static long[] shuffled(ImageSource source, Seed seed) {
        return HalfSamples.order(seed.derive("captioned"), source.size());
    }
}
