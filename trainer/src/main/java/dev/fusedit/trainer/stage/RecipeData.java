package dev.fusedit.trainer.stage;

import com.google.common.collect.Collections2;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import com.google.common.collect.Multimaps;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.BlankBatches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.source.BucketReport;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.HeldOut;
import dev.fusedit.trainer.data.source.ImageFolder;
import dev.fusedit.trainer.data.source.ImageSource;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.ScanCache;
import dev.fusedit.trainer.data.source.SizeBuckets;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.source.TarShards;
import dev.fusedit.trainer.recipe.Data;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Stage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// The data that a recipe names.
public final class RecipeData {
    private RecipeData() {}

    /// Looks at all of it: what cannot be trained on is written down and told before the first step.
    ///
    /// @param errorsFile where samples that cannot be used are written down
    /// @param said told in sentences what was found
    /// @throws dev.fusedit.torch.UserError if it is not there, or too much of it cannot be read
    public static Batches open(Recipe recipe, Tokenizer tokenizer, Path errorsFile, Consumer<String> said) {
        var texts = new TextIds(tokenizer, recipe.model().llm().maxTokens());
        return switch (recipe.data()) {
            case Data.Blocks blocks -> blocks(blocks, texts);
            case Data.Images images -> images(recipe, images, texts, errorsFile, said);
        };
    }

    /// As much of the same size, for trials: what images show does not matter.
    public static Batches like(Recipe recipe, Tokenizer tokenizer) {
        var texts = new TextIds(tokenizer, recipe.model().llm().maxTokens());
        return switch (recipe.data()) {
            case Data.Blocks blocks -> blocks(blocks, texts);
            case Data.Images _ -> new BlankBatches(texts);
        };
    }

    private static Batches blocks(Data.Blocks blocks, TextIds texts) {
        return new BlocksBatches(blocks.seed(), blocks.mix().blocks(), blocks.samples(), blocks.shuffledCaptions(), texts);
    }

    private static Batches images(Recipe recipe, Data.Images images, TextIds texts, Path errorsFile, Consumer<String> said) {
        var source = source(images);
        try {
            source.requireSamples();
            var captions = captions(images, source);
            var decoding = decoding(images, recipe.run().compatibility());
            var scan = ScanCache.ofUser().scan(source, captions, decoding, images.workers(), _ -> {});
            var errors = DataErrors.of(errorsFile, scan, images.errors().stopAbove(),
                    problem -> said.accept("%s cannot be read any more: %s".formatted(problem.sample(), problem.detail())));
            scan.requireGood(images.errors().stopAbove());
            told(scan, texts, errorsFile).forEach(said);
            var validation = recipe.evaluation().validation();
            var split = HeldOut.of(scan, validation == null ? 0 : validation.samples(), validation == null ? 0 : validation.seed());
            var reports = buckets(recipe, split.trained());
            reports.values().forEach(report -> said.accept(report.text()));
            return new SourceBatches(split, captions, new ImageTransform(decoding, images.resize(), !images.centerCrop(), images.flip()),
                    ImmutableMap.copyOf(Maps.transformValues(reports, BucketReport::buckets)), errors, images.seed(), texts);
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    /// What to know before the first step.
    private static List<String> told(SourceScan scan, TextIds texts, Path errorsFile) {
        var said = new ArrayList<String>();
        said.add("%s: %,d images with captions".formatted(scan.source().place(), scan.good().size()));
        if (!scan.problems().isEmpty()) said.add(scan.summary() + "; all are in " + errorsFile);
        long cut = scan.captions().stream().filter(caption -> texts.tokenizer().encode(caption).length > texts.maxTokens()).count();
        if (cut > 0) said.add("%,d captions are longer than the %d tokens that are read, and are cut".formatted(cut, texts.maxTokens()));
        return said;
    }

    /// What becomes of images in aspect-ratio buckets, by the sizes that stages want; nothing for a recipe without them.
    public static Map<ImmutableList<ImageSize>, BucketReport> buckets(Recipe recipe, List<SampleFacts> samples) {
        var isSquare = switch (recipe.data()) {
            case Data.Blocks _ -> true;
            case Data.Images images -> images.aspectBuckets() == null;
        };
        var stages = isSquare ? ImmutableListMultimap.<ImmutableList<ImageSize>, Stage>of()
                : Multimaps.index(Collections2.filter(recipe.stages(), stage -> StagePlan.images(stage) > 0), recipe::sizes);
        var reports = ImmutableMap.<ImmutableList<ImageSize>, BucketReport>builder();
        stages.asMap().forEach((sizes, some) -> reports.put(sizes, new BucketReport(some.stream().map(Stage::name).toList(),
                some.stream().mapToInt(Stage::batch).max().orElseThrow(), SizeBuckets.of(samples, sizes))));
        return reports.buildOrThrow();
    }

    /// Where a recipe's images are; nothing of them is read yet.
    public static ImageSource source(Data.Images images) {
        return switch (images) {
            case Data.Folder folder -> ImageFolder.open(Path.of(folder.path()));
            case Data.WebDataset shards -> TarShards.open(shards.shards(), shards.picture());
        };
    }

    /// Which texts are captions.
    public static CaptionRule captions(Data.Images images, ImageSource source) {
        if (images.captions().isEmpty()) return CaptionRule.usual(source);
        var shares = ImmutableMap.<String, Double>builder();
        images.captions().forEach(field -> shares.put(field.field(), field.share()));
        return new CaptionRule(shares.buildKeepingLast());
    }

    private static ImageDecoding decoding(Data.Images images, Run.Compatibility compatibility) {
        return switch (compatibility) {
            case NONE -> images.ground() == null ? ImageDecoding.STRICT : switch (images.ground()) {
                case WHITE -> ImageDecoding.STRICT;
                case BLACK -> ImageDecoding.STRICT.over(ImageDecoding.Alpha.BLACK);
            };
            case REFERENCE -> ImageDecoding.REFERENCE;
        };
    }
}
