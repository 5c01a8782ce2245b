package dev.fusedit.trainer.data.audit;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.ImageSource;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.log.ImageGrid;
import dev.fusedit.trainer.log.PngImage;
import java.util.LinkedHashMap;
import java.util.Map;

/// Ten samples of a source, spread over it, as a grid; the middle of each.
///
/// @param captions by the samples' keys
public record SampleSheet(byte[] png, Map<String, String> captions) {
    private static final int SHOWN = 10;
    private static final int COLUMNS = 5;
    static final int SIDE = 128;
    private static final ImageTransform PLAIN = new ImageTransform(ImageDecoding.STRICT, Filter.BILINEAR, false, 0);

    /// @throws UserError if no sample can be shown
    public static SampleSheet of(ImageSource source, CaptionRule rule) {
        var captions = new LinkedHashMap<String, String>();
        var grid = new ImageGrid(COLUMNS, 1);
        int count = Math.min(SHOWN, source.requireSamples().size());
        for (int i = 0; i < count; i++) {
            int index = (int) ((long) i * source.size() / count);
            try {
                var image = small(source, index);
                var caption = caption(source, index, rule);
                grid.add(image, caption);
                captions.put(source.key(index), caption);
            } catch (BadSample e) {
                captions.put(source.key(index), "cannot be shown: " + e.getMessage());
            }
        }
        try {
            return new SampleSheet(grid.image().png(), captions);
        } catch (IllegalArgumentException e) { // nothing is in the grid
            throw new UserError(source.place() + ": none of the samples that were tried can be shown: " + captions, e);
        }
    }

    static PngImage small(ImageSource source, int index) throws BadSample {
        return new PngImage(SIDE, SIDE, PLAIN.centred(SourceScan.decoded(source, index, PLAIN.decoding()), ImageSize.square(SIDE)).rgb());
    }

    private static String caption(ImageSource source, int index, CaptionRule rule) {
        try {
            return rule.of(source.texts(index), 0, index);
        } catch (BadSample e) {
            return "(" + e.getMessage() + ")";
        }
    }
}
