package dev.fusedit.trainer.stage;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.BlankBatches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.UserCache;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.shards.HttpPatience;
import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.trainer.data.source.CaptionRule;
import dev.fusedit.trainer.data.source.DataErrors;
import dev.fusedit.trainer.data.source.HeldOut;
import dev.fusedit.trainer.data.source.ImageFolder;
import dev.fusedit.trainer.data.source.ImageSource;
import dev.fusedit.trainer.data.source.ImageTransform;
import dev.fusedit.trainer.data.ReferenceBatches;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.source.ScanCache;
import dev.fusedit.trainer.data.source.SourceScan;
import dev.fusedit.trainer.data.source.TarShards;
import dev.fusedit.trainer.recipe.Data;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
            case Data.Images images -> images(recipe, images, texts, pipes, errorsFile, said);
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

    private static Batches images(Recipe recipe, Data.Images images, TextIds texts, Pipes pipes, Path errorsFile, Consumer<String> said) {
        var source = source(images, pipes, said);
        try {
            source.requireSamples();
            var captions = captions(images, source);
            var scan = ScanCache.ofUser().scan(source, captions, decoding(recipe.run().compatibility()), images.workers(), _ -> {});
            var errors = DataErrors.of(errorsFile, scan, images.errors().stopAbove(),
                    problem -> said.accept("%s cannot be read any more: %s".formatted(problem.sample(), problem.detail())));
            scan.requireGood(images.errors().stopAbove());
            told(scan, texts, errorsFile).forEach(said);
            var validation = recipe.evaluation().validation();
            var split = HeldOut.of(scan, validation == null ? 0 : validation.samples(), validation == null ? 0 : validation.seed());
            var batches = new SourceBatches(split, captions,
                    new ImageTransform(decoding(recipe.run().compatibility()), !images.centerCrop(), images.flip()), errors, images.seed(),
                    texts);
            return switch (recipe.run().compatibility()) {
                case NONE -> batches;
                case REFERENCE -> ofReference(recipe, images, source, batches);
            };
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    /// The reference reads tar files, in an order of its own; it has no folders.
    private static Batches ofReference(Recipe recipe, Data.Images images, ImageSource source, SourceBatches batches) {
        if (!(source instanceof TarShards shards)) return batches;
        var fields = images.captions();
        if (fields.isEmpty() || fields.size() > 2 || images.flip() > 0) {
            throw new UserError(
                    "run.compatibility: reference reads one or two captions that data.captions names, the synthetic one last, and "
                            + "flips no image. Name them, or leave run.compatibility out");
        }
        var stage = recipe.stages().getFirst();
        return ReferenceBatches.of(batches, shards, fields.stream().map(Data.CaptionField::field).toList(), fields.getFirst().share(),
                images.imageSize(), stage.microBatch(), Math.max(1, images.workers()));
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

    /// Where a recipe's images are; nothing of them is read yet, but of shards the names.
    private static ImageSource source(Data.Images images, Pipes pipes, Consumer<String> said) {
        return switch (images) {
            case Data.Folder folder -> ImageFolder.open(Path.of(folder.path()));
            case Data.WebDataset shards -> TarShards.open(shards.shards(), shards.picture(), shards.block(), settings(shards, pipes, said));
        };
    }

    private static ShardSettings settings(Data.WebDataset shards, Pipes pipes, Consumer<String> said) {
        var patience =
                new HttpPatience(shards.fetch().retries(), Duration.ofSeconds(shards.fetch().timeout()), HttpPatience.USUAL.firstWait());
        return new ShardSettings(UserCache.folder("shards"), shards.cache().bytes(), patience, pipes, said);
    }

    /// Which texts are captions.
    public static CaptionRule captions(Data.Images images, ImageSource source) {
        if (images.captions().isEmpty()) return CaptionRule.usual(source);
        var shares = ImmutableMap.<String, Double>builder();
        images.captions().forEach(field -> shares.put(field.field(), field.share()));
        return new CaptionRule(shares.buildKeepingLast());
    }

    private static ImageDecoding decoding(Run.Compatibility compatibility) {
        return switch (compatibility) {
            case NONE -> ImageDecoding.STRICT;
            case REFERENCE -> ImageDecoding.REFERENCE;
        };
    }
}
