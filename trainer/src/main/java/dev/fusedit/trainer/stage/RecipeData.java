package dev.fusedit.trainer.stage;

import com.google.common.base.Strings;
import com.google.common.collect.Collections2;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import com.google.common.collect.Multimaps;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.BlankBatches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.ReferenceBatches;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.source.BucketReport;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.ImageFolder;
import dev.fusedit.trainer.data.source.ImageSource;
import dev.fusedit.trainer.data.source.ParquetImages;
import dev.fusedit.trainer.data.source.RecaptionedImages;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.data.source.SizeBuckets;
import dev.fusedit.trainer.data.source.TarShards;
import dev.fusedit.trainer.recipe.Data;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import dev.fusedit.trainer.data.UserCache;
import dev.fusedit.trainer.data.shards.HttpPatience;
import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/// The data that a recipe names.
public final class RecipeData {
    private RecipeData() {}

    /// Looks at all of it: what cannot be trained on is written down and told before the first step.
    ///
    /// @param pipes whether commands that it names are run
    /// @param errorsFile where samples that cannot be used are written down
    /// @param said told in sentences what was found
    /// @throws dev.fusedit.torch.UserError if it is not there, or too much of it cannot be read
    public static Batches open(Recipe recipe, Tokenizer tokenizer, Pipes pipes, Path errorsFile, Consumer<String> said) {
        var texts = new TextIds(tokenizer, recipe.model().llm().maxTokens());
        return switch (recipe.data()) {
            case Data.Blocks blocks -> blocks(blocks, texts);
            case Data.Images images -> ordered(recipe, images, OwnImages.open(recipe, images, texts, pipes, errorsFile, said));
            case Data.Mixture mixture -> OwnImages.mixed(recipe, mixture, texts, pipes, errorsFile, said);
        };
    }

    /// In the order of the reference, where that is asked for: it reads tar files, and their own captions.
    private static Batches ordered(Recipe recipe, Data.Images images, SourceBatches batches) {
        return switch (recipe.run().compatibility()) {
            case NONE -> batches;
            case REFERENCE -> batches.split().source() instanceof TarShards shards ? ofReference(recipe, images, shards, batches) : batches;
        };
    }

    private static Batches ofReference(Recipe recipe, Data.Images images, TarShards shards, SourceBatches batches) {
        var fields = images.captions();
        if (fields.isEmpty() || fields.size() > 2 || images.flip() > 0 || images.aspectBuckets() != null
                || images.resize() != Filter.BILINEAR) {
            batches.close();
            throw new UserError(
                    "run.compatibility: reference reads one or two captions that data.captions names, the synthetic one last, and "
                            + "flips no image, has no aspect_buckets and resizes bilinearly. Name them, or leave run.compatibility out");
        }
        var stage = recipe.stages().getFirst();
        return ReferenceBatches.of(batches, shards, fields.stream().map(Data.CaptionField::field).toList(), fields.getFirst().share(),
                images.imageSize(), stage.microBatch(), Math.max(1, images.workers()));
    }

    /// As much of the same size, for trials: what images show does not matter.
    public static Batches like(Recipe recipe, Tokenizer tokenizer) {
        var texts = new TextIds(tokenizer, recipe.model().llm().maxTokens());
        return switch (recipe.data()) {
            case Data.Blocks blocks -> blocks(blocks, texts);
            case Data.Images _ -> new BlankBatches(texts);
            case Data.Mixture _ -> new BlankBatches(texts);
        };
    }

    static BlocksBatches blocks(Data.Blocks blocks, TextIds texts) {
        return new BlocksBatches(blocks.seed(), blocks.mix().blocks(), blocks.samples(), blocks.shuffledCaptions(), texts);
    }

    /// Where a recipe's images are, with all their captions; nothing of the images is read yet, unless captions are joined by their hashes.
    static ImageSource source(Data.Images images, Pipes pipes, Consumer<String> said) {
        var source = switch (images) {
            case Data.Folder folder -> ImageFolder.open(Path.of(folder.path()));
            case Data.WebDataset shards -> TarShards.open(shards.shards(), shards.picture(), shards.block(), settings(shards, pipes, said));
            case Data.Parquet tables -> ParquetImages.open(tables.files(), Strings.nullToEmpty(tables.picture()));
        };
        var more = images.captionsFrom();
        if (more == null) return source;
        try {
            var column = more.column() == null ? more.key() : more.column();
            return RecaptionedImages.of(source, more.file(), more.key(), column, images.workers());
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    private static ShardSettings settings(Data.WebDataset shards, Pipes pipes, Consumer<String> said) {
        var patience =
                new HttpPatience(shards.fetch().retries(), Duration.ofSeconds(shards.fetch().timeout()), HttpPatience.USUAL.firstWait());
        return new ShardSettings(UserCache.folder("shards"), shards.cache().bytes(), patience, pipes, said);
    }

    /// What becomes of samples in aspect-ratio buckets, for each of the sizes that stages want; nothing for a recipe without them. Of a
    /// mixture: with the sizes of all its sources.
    public static List<BucketReport> buckets(Recipe recipe, List<SampleFacts> samples) {
        return bucketed(recipe).asMap().entrySet().stream()
                .map(of -> BucketReport.of(names(of.getValue()), batch(of.getValue()), SizeBuckets.of(samples, of.getKey()))).toList();
    }

    /// Stages by the sizes of their images, where not all data is square.
    static ImmutableListMultimap<ImmutableList<ImageSize>, Stage> bucketed(Recipe recipe) {
        return recipe.data().hasBuckets()
                ? Multimaps.index(Collections2.filter(recipe.stages(), stage -> StagePlan.images(stage) > 0), recipe::sizes)
                : ImmutableListMultimap.of();
    }

    static List<String> names(Collection<Stage> stages) { return stages.stream().map(Stage::name).toList(); }

    /// Of the stage with the largest ones.
    static int batch(Collection<Stage> stages) { return stages.stream().mapToInt(Stage::batch).max().orElseThrow(); }

    /// The sizes of one source's images, by those of all sources' in the same stage.
    static ImmutableMap<ImmutableList<ImageSize>, ImmutableList<ImageSize>> sizes(Recipe recipe, Data.Single source) {
        var sizes = ImmutableMap.<ImmutableList<ImageSize>, ImmutableList<ImageSize>>builder();
        for (var stage : bucketed(recipe).values()) {
            sizes.put(recipe.sizes(stage), recipe.sizes(stage, source));
        }
        return sizes.buildKeepingLast();
    }

    /// Samples of a source by the sizes that stages want; nothing where all are square.
    static ImmutableMap<ImmutableList<ImageSize>, SizeBuckets> buckets(Recipe recipe, Data.Images source, List<SampleFacts> samples) {
        return source.hasBuckets() ? Maps.toMap(ImmutableSet.copyOf(sizes(recipe, source).values()), own -> SizeBuckets.of(samples, own))
                : ImmutableMap.of();
    }

    /// Which texts are captions.
    public static CaptionRule captions(Data.Images images, ImageSource source) {
        if (images.captions().isEmpty()) return CaptionRule.usual(source);
        var shares = ImmutableMap.<String, Double>builder();
        images.captions().forEach(field -> shares.put(field.field(), field.share()));
        return new CaptionRule(shares.buildKeepingLast());
    }

    static ImageDecoding decoding(Data.Images images, Run.Compatibility compatibility) {
        return switch (compatibility) {
            case NONE -> images.ground() == null ? ImageDecoding.STRICT : switch (images.ground()) {
                case WHITE -> ImageDecoding.STRICT;
                case BLACK -> ImageDecoding.STRICT.over(ImageDecoding.Alpha.BLACK);
            };
            case REFERENCE -> ImageDecoding.REFERENCE;
        };
    }
}
