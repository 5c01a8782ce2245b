package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.config.Named;
import dev.fusedit.fusion.config.Usual;
import dev.fusedit.trainer.data.image.ImageSize;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Sizes of images that are not all square ("aspect-ratio buckets": NovelAI 2022, kohya's sd-scripts, EveryDream): each image is shown at the
/// size whose aspect ratio is nearest to its own, and a batch is of one size.
public sealed interface AspectBuckets permits AspectBuckets.Area, AspectBuckets.Listed {
    /// Of one stage.
    int MOST = 1000;

    /// From tall to wide, or as they are listed; each once. Also for values that break their rules.
    ///
    /// @param side of the stage's images, were they square
    /// @param patch pixels along the side of a patch
    ImmutableList<ImageSize> sizes(int side, int patch);

    /// Whether they fit a stage and its model.
    ///
    /// @param data key of the data that has them
    void check(Stage stage, int side, int patch, String data);

    @Doc("Sizes of about the area of a square of 'image_size' (never more), as kohya's and NovelAI's buckets.")
    @Usual
    record Area(
            @Doc("longest side over the shortest, at most; what is longer is cut to it") @Default("2") double maxRatio,
            @Doc("sides are multiples of it, and it divides 'image_size'; the multiple of a patch's pixels that is next below an eighth of "
                    + "'image_size' if left out") @Nullable Integer step)
            implements AspectBuckets {
        /// A side in steps, by default, at least.
        private static final int STEPS = 8;

        public Area {
            checkArgument(maxRatio >= 1 && maxRatio <= 64, "max_ratio must be from 1 to 64, but is %s", maxRatio);
            Bound.SIDE.check("step", step);
        }

        private int step(int side, int patch) {
            if (step != null) return Math.max(1, step);
            int rows = Math.max(1, side / Math.max(1, patch)), most = Math.max(1, rows / STEPS);
            while (rows % most != 0) most--;
            return most * Math.max(1, patch);
        }

        @Override
        public ImmutableList<ImageSize> sizes(int side, int patch) {
            int step = step(side, patch);
            long area = (long) side * side;
            var wide = new ArrayList<ImageSize>();
            for (long width = (long) side + step; wide.size() < MOST; width += step) {
                long height = area / Math.max(1, width) / step * step;
                if (height < step || width > maxRatio * height) break;
                wide.add(new ImageSize((int) width, (int) height));
            }
            return ImmutableList.<ImageSize>builder()
                    .addAll(Lists.transform(wide.reversed(), size -> new ImageSize(size.height(), size.width())))
                    .add(ImageSize.square(side)).addAll(wide).build();
        }

        @Override
        public void check(Stage stage, int side, int patch, String data) {
            int step = step(side, patch);
            checkArgument(step % patch == 0, "%s.aspect_buckets.step must be a multiple of a patch's %s pixels, but is %s", data, patch,
                    step);
            checkArgument(side % step == 0, "%s.aspect_buckets.step must divide the images' side of %s pixels in stage '%s', but is %s",
                    data, side, stage.name(), step);
            checkArgument(sizes(side, patch).size() <= MOST,
                    "%s.aspect_buckets.step must make at most %s sizes, but makes more of a side of %s", data, MOST, side);
        }
    }

    @Doc("Sizes as they are listed.")
    @Named("list")
    record Listed(@Doc("width and height in pixels, as '80x48'") List<String> sizes) implements AspectBuckets {
        private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,8})x([1-9][0-9]{0,8})");

        public Listed {
            checkArgument(!sizes.isEmpty() && sizes.size() <= MOST, "sizes must be 1 to %s, but are %s", MOST, sizes.size());
            checkArgument(sizes.stream().distinct().count() == sizes.size(), "sizes must not name one twice, but is %s", sizes);
            for (var size : sizes) {
                var sides = SIZE.matcher(size);
                boolean is = sides.matches();
                checkArgument(is, "sizes must be a width, an x and a height, as '80x48', but has '%s'", size);
                if (is) Bound.PIXELS.check("sizes of " + size, Math.multiplyFull(side(sides, 1), side(sides, 2)));
            }
            sizes = ImmutableList.copyOf(sizes);
        }

        private static int side(Matcher sides, int group) { return Integer.parseInt(sides.group(group)); }

        @Override
        public ImmutableList<ImageSize> sizes(int side, int patch) {
            var read = sizes.stream().map(SIZE::matcher).filter(Matcher::matches)
                    .map(sides -> new ImageSize(side(sides, 1), side(sides, 2))).distinct().collect(ImmutableList.toImmutableList());
            return read.isEmpty() ? ImmutableList.of(ImageSize.square(side)) : read;
        }

        @Override
        public void check(Stage stage, int side, int patch, String data) {
            checkArgument(stage.resolution() == null,
                    "stages.%s.resolution must be left out: %s.aspect_buckets lists the sizes of images",
                    stage.name(), data);
            for (var size : sizes(side, patch)) {
                checkArgument(size.width() % patch == 0 && size.height() % patch == 0,
                        "%s.aspect_buckets.sizes must be multiples of a patch's %s pixels, but has %s", data, patch, size.word());
            }
        }
    }
}
