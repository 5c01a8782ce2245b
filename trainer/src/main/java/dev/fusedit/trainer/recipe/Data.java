package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.config.Named;
import dev.fusedit.trainer.data.blocks.BlocksMix;
import java.util.HashSet;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Where captioned images come from.
public sealed interface Data permits Data.Single, Data.Mixture {
    /// Side of the square images in pixels.
    int imageSize();

    /// Sizes that images may have, each once: one, unless there are aspect-ratio buckets.
    ///
    /// @param side of them, were they square
    /// @param patch pixels along the side of a patch
    default ImmutableList<ImageSize> sizes(int side, int patch) {
        var square = ImmutableList.of(ImageSize.square(side));
        return switch (this) {
            case Blocks _ -> square;
            case Images images -> images.aspectBuckets() == null ? square : images.aspectBuckets().sizes(side, patch);
            case Mixture mixture -> mixture.sources().stream().flatMap(source -> source.data().sizes(side, patch).stream()).distinct()
                    .collect(ImmutableList.toImmutableList());
        };
    }

    /// Whether images are not all square.
    default boolean hasBuckets() {
        return switch (this) {
            case Blocks _ -> false;
            case Images images -> images.aspectBuckets() != null;
            case Mixture mixture -> mixture.sources().stream().anyMatch(source -> source.data().hasBuckets());
        };
    }

    /// Images of an epoch; null where every image is new.
    @Nullable
    Integer samples();

    /// Threads that make batches ahead.
    int workers();

    /// Whether it is the built-in data.
    default boolean isBuiltIn() {
        return switch (this) {
            case Blocks _ -> true;
            case Images _ -> false;
            case Mixture _ -> false;
        };
    }

    /// Whether some of its images are drawn, on a grid of 32 pixels.
    default boolean hasBlocks() {
        return switch (this) {
            case Blocks _ -> true;
            case Images _ -> false;
            case Mixture mixture -> mixture.sources().stream().anyMatch(source -> source.data().hasBlocks());
        };
    }

    /// One source.
    sealed interface Single extends Data permits Blocks, Images {}

    /// Images and captions that a person has.
    sealed interface Images extends Single permits Folder, WebDataset, Parquet {
        /// Names of captions and how often each is taken; empty for the first usual one that a sample has.
        List<CaptionField> captions();

        /// Whether the middle of an image is taken, or any part.
        boolean centerCrop();

        /// Share of images that are mirrored.
        double flip();

        /// Where images are not all square.
        @Nullable
        AspectBuckets aspectBuckets();

        /// How images are made larger or smaller.
        Filter resize();

        /// What transparent images lie over; null where nobody says.
        @Nullable
        Ground ground();

        Errors errors();

        /// More captions of the same images.
        @Nullable
        CaptionsFrom captionsFrom();

        /// Of the order, the crops, and the choice among captions.
        long seed();
    }

    /// What is seen through a transparent image.
    enum Ground {
        WHITE, BLACK
    }

    record Errors(
            @Doc("share of samples that cannot be read beyond which training stops") @Default("0.05") double stopAbove) {
        public Errors {
            checkArgument(stopAbove >= 0 && stopAbove <= 1, "stop_above must lie in 0 to 1, but is %s", stopAbove);
        }
    }

    @Doc("The built-in data: coloured shapes, drawn on the fly.")
    record Blocks(
            @Doc("a multiple of 32, the side of the grid on which shapes lie") @Default("32") int imageSize,
            @Doc("of the drawing, apart from the run's, so that two runs may see the same images in "
                    + "the same order") @Default("1") long seed,
            @Default("{}") Mix mix,
            @Doc("after so many images the same come again in another order; without end if left out") @Nullable Integer samples,
            @Default("2") int workers,
            @Doc("whether each image gets another one's caption: a control for "
                    + "what captions teach") @Default("false") boolean shuffledCaptions)
            implements Single {
        public Blocks {
            Bound.SIDE.check("image_size", imageSize);
            checkArgument(imageSize % 32 == 0,
                    "image_size must be a multiple of 32, the grid on which Blocks is drawn, but is %s",
                    imageSize);
            Bound.COUNT.check("samples", samples);
            checkArgument(samples == null || samples > 1 || !shuffledCaptions,
                    "samples must be at least 2 with shuffled_captions, but is %s", samples);
            Bound.THREADS.check("workers", workers);
        }
    }

    @Doc("Captioned images in a folder and its subfolders: 'NAME.txt' beside 'NAME.png', or 'metadata.jsonl' or 'metadata.csv'.")
    record Folder(
            String path,
            @Doc("side of the square that is cut out of each, in pixels; with aspect_buckets that of a square of the same area") int imageSize,
            @Doc("names of captions ('text' is that of NAME.txt, others are fields of the metadata) and how often each is taken; the first usual "
                    + "one that an image has if left out") @Default("[]") List<CaptionField> captions,
            @Doc("whether the middle is taken, or any part") @Default("true") boolean centerCrop,
            @Doc("share of images that are mirrored left to right") @Default("0") double flip,
            @Doc("sizes of images that are not all square; all are cut to squares if left out") @Nullable AspectBuckets aspectBuckets,
            @Doc("the filter that images are made larger or smaller with, antialiased and bit by bit as Pillow's") @Default("bilinear") Filter resize,
            @Doc("what transparent images lie over; white if left out, and with 'run.compatibility: reference' the colours that are stored") @Nullable Ground ground,
            @Doc("images, as far as known: for epochs and plans") @Nullable Integer samples,
            @Default("{}") Errors errors,
            @Doc("of the order, the crops, and the choice among captions") @Default("1") long seed,
            @Default("2") int workers,
            @Nullable CaptionsFrom captionsFrom) implements Images {
        public Folder {
            PathText.check("path", path);
            Bound.SIDE.check("image_size", imageSize);
            checkFlip(flip);
            Bound.COUNT.check("samples", samples);
            Bound.THREADS.check("workers", workers);
            captions = ImmutableList.copyOf(captions);
        }
    }

    @Doc("Captioned images in tar files, as WebDataset (https://github.com/webdataset/webdataset) names them.")
    @Named("webdataset")
    record WebDataset(
            @Doc("paths and addresses ('https://…', 'pipe:COMMAND'), in which '{000..199}' counts, and '::' stands between several; of a folder all "
                    + "tar files in it. Plain, or packed with gzip or zstd. Commands are run only with '--allow-pipe'") List<String> shards,
            int imageSize,
            @Doc("field of the image") @Default("jpg") String picture,
            @Doc("fields of captions and how often each is taken, relative to the others; the first usual one that a sample has if left out") @Default("[]") List<
                    CaptionField> captions,
            @Doc("whether the middle is taken, or any part") @Default("true") boolean centerCrop,
            @Doc("share of images that are mirrored left to right") @Default("0") double flip,
            @Doc("sizes of images that are not all square; all are cut to squares if left out") @Nullable AspectBuckets aspectBuckets,
            @Doc("the filter that images are made larger or smaller with, antialiased and bit by bit as Pillow's") @Default("bilinear") Filter resize,
            @Doc("what transparent images lie over; white if left out, and with 'run.compatibility: reference' the colours that are stored") @Nullable Ground ground,
            @Doc("images in all shards, as far as known: for epochs and plans") @Nullable Integer samples,
            @Default("{}") Errors errors,
            @Doc("of the order, the crops, and the choice among captions") @Default("1") long seed,
            @Default("4") int workers,
            @Doc("neighbouring samples that are read one after the other; where shards do not all fit the cache, best as many as a shard has") @Default("256") int block,
            @Default("{}") Cache cache,
            @Default("{}") Fetch fetch,
            @Nullable CaptionsFrom captionsFrom) implements Images {
        public WebDataset {
            Bound.COUNT.check("block", block);
            checkFlip(flip);
            checkArgument(!shards.isEmpty(), "shards must not be empty");
            Bound.SIDE.check("image_size", imageSize);
            shards.forEach(shard -> PathText.check("shards", shard));
            Bound.COUNT.check("samples", samples);
            Bound.THREADS.check("workers", workers);
            shards = ImmutableList.copyOf(shards);
            captions = ImmutableList.copyOf(captions);
        }
    }

    @Doc("Captioned images in Parquet files, as Hugging Face's datasets lays them out.")
    record Parquet(
            @Doc("files, folders of '*.parquet', and patterns such as 'data/train-*.parquet' or 'a-{000..199}.parquet'") List<String> files,
            @Doc("side of the square that is cut out of each, in pixels; with aspect_buckets that of a square of the same area") int imageSize,
            @Doc("column of the image: a struct of 'bytes' and 'path', or bytes; the first that is one if left out") @Nullable String picture,
            @Doc("columns of captions, texts or lists of texts, and how often each is taken, relative to the others; the first usual one that a "
                    + "sample has if left out") @Default("[]") List<CaptionField> captions,
            @Doc("whether the middle is taken, or any part") @Default("true") boolean centerCrop,
            @Doc("share of images that are mirrored left to right") @Default("0") double flip,
            @Doc("sizes of images that are not all square; all are cut to squares if left out") @Nullable AspectBuckets aspectBuckets,
            @Doc("the filter that images are made larger or smaller with, antialiased and bit by bit as Pillow's") @Default("bilinear") Filter resize,
            @Doc("what transparent images lie over; white if left out, and with 'run.compatibility: reference' the colours that are stored") @Nullable Ground ground,
            @Doc("images in all files, as far as known: for epochs and plans") @Nullable Integer samples,
            @Default("{}") Errors errors,
            @Doc("of the order, the crops, and the choice among captions") @Default("1") long seed,
            @Default("4") int workers,
            @Nullable CaptionsFrom captionsFrom) implements Images {
        public Parquet {
            checkFlip(flip);
            checkArgument(!files.isEmpty(), "files must not be empty");
            Bound.SIDE.check("image_size", imageSize);
            files.forEach(file -> PathText.check("files", file));
            Bound.COUNT.check("samples", samples);
            Bound.THREADS.check("workers", workers);
            files = ImmutableList.copyOf(files);
            captions = ImmutableList.copyOf(captions);
        }
    }

    @Doc("Several sources, each as often as its weight says. An epoch is as many images as all of them have ('samples'); the weights hold to the "
            + "image over it.")
    @Named("mix")
    record Mixture(
            List<Source> sources,
            @Doc("images of an epoch; as many as all sources have if left out") @Nullable Integer samples,
            @Doc("of the order of sources, and of dropped captions") @Default("1") long seed,
            @Default("4") int workers) implements Data {
        public Mixture {
            checkArgument(!sources.isEmpty(), "sources must not be empty");
            var names = new HashSet<String>();
            for (var source : sources) {
                checkArgument(names.add(source.name()), "sources.%s must not be the name of two sources", source.name());
                checkArgument(source.data().imageSize() == sources.getFirst().data().imageSize(),
                        "sources.%s.data.image_size must be that of the first source, %s, but is %s", source.name(),
                        sources.getFirst().data().imageSize(), source.data().imageSize());
                checkArgument(!source.data().isBuiltIn() || source.data().samples() != null,
                        "sources.%s.data.samples must be given: Blocks has no end, and an epoch of a mixture counts all its images",
                        source.name());
            }
            Bound.COUNT.check("samples", samples);
            Bound.THREADS.check("workers", workers);
            sources = ImmutableList.copyOf(sources);
        }

        @Override
        public int imageSize() { return sources.getFirst().data().imageSize(); }
    }

    record Source(
            @Doc("which reports call it by") String name,
            @Doc("how often its images are taken, relative to the others") @Default("1") double weight,
            Single data) {
        public Source {
            checkArgument(!name.isBlank() && !name.contains("/"), "name must be a word without '/', but is '%s'", name);
            Bound.POSITIVE.check("weight", weight);
        }
    }

    @Doc("Captions of the same images from a file of their own (recaptions). Its texts stand beside an image's own, by their names.")
    record CaptionsFrom(
            @Doc("'*.jsonl', '*.csv', or Parquet: a file, a folder, or a pattern") String file,
            @Doc("by what images are known in it: 'key' (a path below the folder, a tar file's key, 'FILE/ROW' of Parquet), 'sha256' of the "
                    + "image file's bytes, or the name of a text or column that images have, such as 'url'") @Default("key") String key,
            @Doc("column of the file that holds it, if it has another name") @Nullable String column) {
        public CaptionsFrom {
            PathText.check("file", file);
            checkArgument(!key.isBlank(), "key must be 'key', 'sha256' or a name, but is empty");
        }
    }

    @Doc("Where shards that are no plain files of this machine lie while they are read: ~/.cache/fusedit/shards, for all runs together.")
    record Cache(
            @Doc("of all unpacked shards there, as '500M', '20G' or '1T'; those that were used longest ago go first") @Default(USUAL) String limit) {
        static final String USUAL = "20G";
        private static final Pattern SIZE = Pattern.compile("(\\d{1,6}(?:\\.\\d{1,6})?) ?([KMGT])(?:i?B)?");

        public Cache {
            checkArgument(SIZE.matcher(limit).matches() && bytes(limit) > 0, "limit must be a size such as 20G or 500M, but is '%s'",
                    limit);
        }

        public long bytes() { return bytes(limit); }

        /// By powers of 1,024.
        private static long bytes(String limit) {
            var parts = SIZE.matcher(limit);
            return parts.matches() ? (long) (Double.parseDouble(parts.group(1)) * (1L << 10 * (1 + "KMGT".indexOf(parts.group(2))))) : 0;
        }
    }

    @Doc("How servers of shards are waited for.")
    record Fetch(
            @Doc("tries after a failure that may pass (an answer of 5xx or 429, a cut connection), each after twice the wait; any new byte begins "
                    + "the count anew") @Default("10") int retries,
            @Doc("seconds without an answer or a byte that count as a failure") @Default("60") int timeout) {
        public Fetch {
            Bound.COUNT.checkOrNone("retries", retries);
            Bound.COUNT.check("timeout", timeout);
        }
    }

    private static void checkFlip(double flip) { checkArgument(flip >= 0 && flip <= 1, "flip must lie in 0 to 1, but is %s", flip); }

    record CaptionField(
            String field,
            @Doc("how often this caption is taken, relative to the others") @Default("1") double share) {
        public CaptionField {
            Bound.POSITIVE.checkOrNone("share", share);
        }
    }

    @Doc("How often each kind of caption comes, relative to each other; see BlocksMix.")
    record Mix(@Default("3") int single, @Default("3") int two, @Default("3") int counting, @Default("2") int colors,
            @Default("3") int position,
            @Default("3") int attribution, @Default("50") int namedPercent) {
        public Mix {
            notNegative("single", single);
            notNegative("two", two);
            notNegative("counting", counting);
            notNegative("colors", colors);
            notNegative("position", position);
            notNegative("attribution", attribution);
            checkArgument(single + two + counting + colors + position + attribution > 0,
                    "single must be above 0, or else one of the others");
            checkArgument(namedPercent >= 0 && namedPercent <= 100, "named_percent must lie in 0 to 100, but is %s", namedPercent);
        }

        public BlocksMix blocks() { return new BlocksMix(single, two, counting, colors, position, attribution, namedPercent); }

        private static void notNegative(String key, int weight) {
            Bound.BATCH.checkOrNone(key, weight); // six of them are added
        }
    }
}
