package dev.fusedit.trainer.stage.cache;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.align.StoredTeachers;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.BlankBatches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.MixedBatches;
import dev.fusedit.trainer.data.ReferenceBatches;
import dev.fusedit.trainer.data.SingleBatches;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.shards.CacheLocks;
import dev.fusedit.trainer.data.stored.RowStore;
import dev.fusedit.trainer.data.stored.StoredTexts;
import dev.fusedit.trainer.model.Latents;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.recipe.CacheRecipe;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// How training reads a recipe's cache: all that it wants must be there before the first step.
public final class TrainingCache {
    static final String READERS = "readers";

    private final RecipeRows rows;
    private final Path folder;

    private TrainingCache(RecipeRows rows) {
        this.rows = rows;
        folder = Path.of(rows.cache().folder());
    }

    /// The data of a run, which need not compute what is kept of it; the same data for a recipe without a cache.
    ///
    /// @param bundle the run's model, with the weights that it begins with
    /// @throws UserError if something is missing, made of other files or in another way, or damaged
    public static Batches of(Recipe recipe, Batches data, ModelBundle bundle) {
        if (recipe.cache() == null) return data;
        return switch (data) {
            case BlankBatches blank -> new TrainingCache(RecipeRows.without(recipe, blank)).blank(blank, bundle);
            case SourceBatches images -> filled(recipe, images, bundle);
            case MixedBatches mixed -> filled(recipe, mixed, bundle);
            case BlocksBatches blocks -> blocks;
            case ReferenceBatches images -> images;
        };
    }

    /// Keeps a recipe's cache from being pruned while training reads it. Nothing is held where there is none, or where nothing can be
    /// written: there nobody prunes.
    public static CacheLocks.Held reading(Recipe recipe) {
        var cache = recipe.cache();
        return cache == null || !Files.isWritable(Path.of(cache.folder())) ? () -> {}
                : CacheLocks.of(Path.of(cache.folder())).shared(READERS);
    }

    private static Batches filled(Recipe recipe, Batches data, ModelBundle bundle) {
        return new TrainingCache(RecipeRows.of(recipe, data, recipe.data().workers())).filled(bundle);
    }

    private Batches filled(ModelBundle bundle) {
        var latents = encoded(bundle).map(encoded -> whole(rows.latents(encoded)));
        var features = rows.recipe().readsFeatures()
                ? Optional.of(whole(rows.features(width(rows.recipe(), rows.cache()), TrainingCache::unasked)))
                : Optional.<RowStore>empty();
        var plain = rows.data().texts();
        var tokens = rows.cache().tokens() ? Optional.of(RowStore.open(CacheSets.tokens(plain).in(folder))) : Optional.<RowStore>empty();
        var text = rows.recipe().readsText() ? Optional.of(whole(rows.text(rows.captions(), bundle))) : Optional.<RowStore>empty();
        var texts = new TextIds(plain.tokenizer(), plain.maxTokens(), new Kept.Texts(tokens, text));
        var sources = rows.sources().stream()
                .map(source -> new Kept.Images(source, latents, features, rows.arePixelsWanted()).over(texts)).iterator();
        return over(rows.data(), sources, texts);
    }

    private static Tensor unasked(Tensor clean, int rows, int columns, Losses.Match match) {
        throw new IllegalStateException("features are read, not computed");
    }

    private static Batches over(Batches data, Iterator<SourceBatches> sources, TextIds texts) {
        return switch (data) {
            case SingleBatches single -> over(single, sources);
            case MixedBatches mixed -> new MixedBatches(mixed.parts().stream().map(part -> part.with(over(part.batches(), sources)))
                    .collect(ImmutableList.toImmutableList()), mixed.order(), texts);
            case ReferenceBatches images -> images;
            case BlankBatches blank -> blank;
        };
    }

    private static SingleBatches over(SingleBatches data, Iterator<SourceBatches> sources) {
        return switch (data) {
            case SourceBatches _ -> sources.next();
            case BlocksBatches blocks -> blocks;
        };
    }

    // ---- what must be there

    private RowStore whole(WantedRows<?> wanted) {
        var store = RowStore.open(wanted.set().in(folder));
        long missing = IntStream.range(0, wanted.size()).filter(i -> !store.has(wanted.key(i))).count();
        if (missing == 0) return store;
        var broken = store.broken().stream().findFirst().map(each -> "; " + each.why()).orElse("");
        throw incomplete(wanted.set(), folder, "%,d of the %,d rows".formatted(missing, wanted.size()), broken);
    }

    private static UserError incomplete(CacheSet set, Path folder, String missing, String broken) {
        var others = new CacheFolder(folder).differences(set);
        return new UserError("cache.folder: %s lacks %s of %s that the recipe wants (%s)%s%s. Give 'fusedit data cache RECIPE' before"
                .formatted(folder, missing, set.kind().word(), set.name(), others, broken));
    }

    /// Teachers whose features are kept, and so need not be opened.
    public static StoredTeachers teachers(Recipe recipe) {
        var cache = recipe.cache();
        return cache == null || !recipe.readsFeatures() ? StoredTeachers.COMPUTED
                : _ -> OptionalInt.of(width(recipe, cache));
    }

    private static int width(Recipe recipe, CacheRecipe cache) {
        var set = CacheSets.features(cache.features(), CacheSets.repa(recipe), recipe.model().patchPixels());
        var folder = Path.of(cache.folder());
        var shape = RowStore.open(set.in(folder)).anyShape().orElseThrow(() -> incomplete(set, folder, "all rows", ""));
        return (int) shape[1];
    }

    // ---- parts

    /// The autoencoder whose latents are kept.
    private Optional<Latents.Encoded> encoded(ModelBundle bundle) {
        return switch (bundle.latents()) {
            case Latents.Encoded encoded -> rows.recipe().readsLatents() ? Optional.of(encoded) : Optional.empty();
            case Latents.Pixels() -> Optional.empty();
        };
    }

    /// Data that is not at hand, with rows of zeros in place of those that are kept.
    private BlankBatches blank(BlankBatches blank, ModelBundle bundle) {
        var latents = encoded(bundle).map(encoded -> rows.latents(encoded).shape());
        var features = rows.recipe().readsFeatures()
                ? Optional.of(rows.features(width(rows.recipe(), rows.cache()), TrainingCache::unasked).shape())
                : Optional.<WantedImages.RowShape>empty();
        var texts = rows.recipe().readsText() ? Blank.Texts.of(rows.text(ImmutableList.of(), bundle)) : StoredTexts.NONE;
        return new BlankBatches(new TextIds(blank.texts().tokenizer(), blank.texts().maxTokens(), texts),
                new Blank.Images(latents, features, rows.arePixelsWanted()));
    }
}
