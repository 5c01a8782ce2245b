package dev.fusedit.trainer.stage.cache;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.torch.Device;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.BlankBatches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.MixedBatches;
import dev.fusedit.trainer.data.ReferenceBatches;
import dev.fusedit.trainer.data.SourceBatches;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.ContentHashes;
import dev.fusedit.trainer.data.stored.EntryKey;
import dev.fusedit.trainer.model.Latents;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.recipe.CacheRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.StagePlan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// All rows that a recipe with a cache wants of its data.
///
/// @param sources of the data, in their order
record RecipeRows(Recipe recipe, CacheRecipe cache, Batches data, ImmutableList<Hashed> sources) {
    /// @param choices sizes that stages want of its images, each a choice
    /// @param hashes SHA-256 of every image's file, by index; none where nothing is kept of images
    record Hashed(SourceBatches batches, ImmutableSet<ImmutableList<ImageSize>> choices, List<String> hashes) {}

    /// @param threads that read images whose hashes are not known yet
    static RecipeRows of(Recipe recipe, Batches data, int threads) {
        var cache = Objects.requireNonNull(recipe.cache());
        var sizes = recipe.stages().stream().filter(stage -> StagePlan.images(stage) > 0).map(recipe::sizes)
                .collect(ImmutableSet.toImmutableSet());
        var sources = sources(data, sizes).map(each -> cache.ofImages()
                ? new Hashed(each.batches, each.choices, ContentHashes.of(each.batches.split().source(), threads))
                : each);
        return new RecipeRows(recipe, cache, data, sources.collect(ImmutableList.toImmutableList()));
    }

    /// Of data that is not at hand.
    static RecipeRows without(Recipe recipe, BlankBatches blank) {
        return new RecipeRows(recipe, Objects.requireNonNull(recipe.cache()), blank, ImmutableList.of());
    }

    /// Without hashes.
    private static Stream<Hashed> sources(Batches data, ImmutableSet<ImmutableList<ImageSize>> sizes) {
        return switch (data) {
            case SourceBatches images -> Stream.of(new Hashed(images, sizes, List.of()));
            case MixedBatches mixed -> mixed.parts().stream().flatMap(part -> sources(part.batches(),
                    sizes.stream().map(part::own).collect(ImmutableSet.toImmutableSet())));
            case BlocksBatches _ -> throw unkept();
            case ReferenceBatches _ -> throw unkept();
            case BlankBatches _ -> throw unkept();
        };
    }

    private static IllegalArgumentException unkept() { return new IllegalArgumentException("nothing is kept of such data"); }

    private Device device() { return Precisions.device(recipe.run()); }

    // ---- of images

    /// Whether something is computed of pixels all the same.
    boolean arePixelsWanted() {
        boolean seen = recipe.stages().stream().anyMatch(stage -> stage.losses().repa() != null);
        return !recipe.readsLatents() || seen && !recipe.readsFeatures();
    }

    WantedImages latents(Latents.Encoded latents) {
        int channels = 2 * latents.vae().config().latentChannels(), factor = latents.vae().factor();
        return new WantedImages(CacheSets.latents(cache.latents(), latents), ShownImages.of(sources),
                size -> new long[] {channels, size.height() / factor, size.width() / factor}, device(),
                (images, _) -> latents.encoded(images));
    }

    /// @param width of the features
    /// @param teacher computes them
    WantedImages features(int width, FeatureModel teacher) {
        var repa = CacheSets.repa(recipe);
        int patch = recipe.model().patchPixels();
        return new WantedImages(CacheSets.features(cache.features(), repa, patch), ShownImages.of(sources),
                size -> new long[] {(long) (size.height() / patch) * (size.width() / patch), width}, device(),
                (images, size) -> teacher.features(images, size.height() / patch, size.width() / patch, repa.match()));
    }

    // ---- of captions

    /// The tokenizer's own ids.
    private TextIds plain() { return new TextIds(data.texts().tokenizer(), data.texts().maxTokens()); }

    /// All that may come, and none at all, each once.
    ImmutableList<String> captions() {
        var all = ImmutableSet.<String>builder().add("");
        for (var source : sources) {
            var trained = source.batches().split().trained();
            all.addAll(IntStream.range(0, trained.size()).parallel().boxed()
                    .flatMap(i -> captions(source.batches(), trained.get(i).index())).toList());
        }
        return all.build().asList();
    }

    /// None of a sample that cannot be read any more.
    private static Stream<String> captions(SourceBatches source, int index) {
        try {
            return source.captions().all(source.split().source().texts(index)).stream();
        } catch (BadSample _) {
            return Stream.empty();
        }
    }

    WantedTokens tokens(ImmutableList<String> captions) { return new WantedTokens(CacheSets.tokens(plain()), captions, plain()); }

    WantedTexts text(ImmutableList<String> captions, ModelBundle bundle) {
        var ids = new LinkedHashMap<EntryKey, int[]>();
        captions.stream().map(data.texts()::caption).forEach(text -> ids.putIfAbsent(EntryKey.of(text), text));
        return WantedTexts.of(CacheSets.text(cache.text(), bundle), ImmutableList.copyOf(ids.values()), bundle.model());
    }
}
