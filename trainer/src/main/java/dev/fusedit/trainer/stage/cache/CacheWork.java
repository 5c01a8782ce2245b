package dev.fusedit.trainer.stage.cache;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.align.Teacher;
import dev.fusedit.trainer.data.shards.CacheLocks;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import dev.fusedit.trainer.data.stored.RowStore;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.Latents;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.model.RecipeTokenizers;
import dev.fusedit.trainer.model.StartingWeights;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.stage.RecipeData;
import dev.fusedit.trainer.stage.RunTensors;
import dev.fusedit.trainer.step.Ranks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The work of `data cache`: what a recipe wants is compared with what its cache's folder has; what is missing is made, what is damaged is
/// made anew, and what is stale may be deleted. Opens the frozen models that are needed and no others. Belongs to the thread that runs torch.
public final class CacheWork implements AutoCloseable {
    private static final String WRITERS = "writers";

    private final Recipe recipe;
    private final CacheFolder folder;
    private final ProgressLine progress;
    private final int threads;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final ImmutableList<Part> parts;

    private record Part(WantedRows<?> wanted, RowStore store) {}

    /// What is there of a kind, and what is not.
    ///
    /// @param wanted rows of the recipe
    /// @param missing of these
    /// @param bytes of the missing
    /// @param unwanted rows of the set that are of no image or caption of the recipe any more
    /// @param there bytes on the disk
    public record State(CacheKind kind, String set, long wanted, long missing, long bytes, long unwanted, long there,
            List<RowStore.Broken> broken, List<Path> unfinished) {}

    /// @param recipe with a cache and nothing left to the machine
    /// @param looking whether it is only looked at: nothing is written into the folder then, which need not be there
    /// @param pipes whether commands that the recipe names are run
    /// @param threads that read images
    /// @throws UserError if files of the data or of models cannot be read
    public CacheWork(Recipe recipe, boolean looking, Pipes pipes, int threads, ProgressLine progress) {
        if (recipe.cache() == null)
            throw new UserError("recipe '%s' has no cache. Add one: 'cache: {folder: DIR}'".formatted(recipe.run().name()));
        this.recipe = recipe;
        this.progress = progress;
        this.threads = threads;
        folder = new CacheFolder(Path.of(recipe.cache().folder()));
        try {
            if (!looking) Files.createDirectories(folder.path());
            parts = parts(pipes, looking ? temporary() : folder.path().resolve("data-errors.jsonl"));
        } catch (IOException e) {
            throw WriteFailure.of(folder.path(), e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private Path temporary() throws IOException {
        var file = Files.createTempFile("data-errors", ".jsonl");
        opened.add(() -> Files.deleteIfExists(file));
        return file;
    }

    private ImmutableList<Part> parts(Pipes pipes, Path errors) {
        var tokenizer = RecipeTokenizers.of(recipe);
        var data = own(RecipeData.open(recipe, tokenizer, pipes, errors, progress::message));
        var rows = RecipeRows.of(recipe, data, threads);
        var wanted = ImmutableList.<WantedRows<?>>builder();
        var captions = rows.cache().tokens() || recipe.readsText() ? rows.captions() : ImmutableList.<String>of();
        if (rows.cache().tokens()) wanted.add(rows.tokens(captions));
        if (recipe.readsLatents()) wanted.add(rows.latents(latents()));
        if (recipe.readsFeatures()) {
            var teacher = own(Teacher.of(CacheSets.repa(recipe).teacher(), Precisions.device(recipe.run())));
            wanted.add(rows.features(teacher.width(), teacher::features));
        }
        if (recipe.readsText()) wanted.add(rows.text(captions, bundle(tokenizer)));
        return wanted.build().stream().map(each -> new Part(each, RowStore.open(each.set().in(folder.path()))))
                .collect(ImmutableList.toImmutableList());
    }

    private <T extends AutoCloseable> T own(T resource) {
        opened.add(resource);
        return resource;
    }

    private Latents.Encoded latents() {
        return switch (own(ModelBundle.latents(recipe, Precisions.of(recipe), progress::message))) {
            case Latents.Encoded encoded -> encoded;
            case Latents.Pixels() -> throw new IllegalStateException("the model has no autoencoder");
        };
    }

    private ModelBundle bundle(Tokenizer tokenizer) {
        StartingWeights.requireGiven(recipe);
        return own(RunTensors.of(recipe.withoutCache(), tokenizer, null, Ranks.ALONE, progress::message)).bundle();
    }

    // ---- looking

    /// What is there.
    public List<State> states() { return parts.stream().map(CacheWork::state).toList(); }

    private static State state(Part part) {
        var wanted = part.wanted();
        var store = part.store();
        var keys = IntStream.range(0, wanted.size()).mapToObj(wanted::key).collect(Collectors.toSet());
        long missing = keys.stream().filter(key -> !store.has(key)).count();
        return new State(wanted.set().kind(), wanted.set().name(), wanted.size(), missing, CacheFill.bytes(wanted, store),
                store.keys().stream().filter(key -> !keys.contains(key)).count(), store.bytes(), store.broken(), store.unfinished());
    }

    /// What lies in the folder and is not of this recipe: made by other weights, in another way, or for other recipes.
    public List<CacheFolder.Content> stale() { return folder.others(sets()); }

    private Set<CacheSet> sets() { return parts.stream().map(part -> part.wanted().set()).collect(Collectors.toUnmodifiableSet()); }

    public Path folder() { return folder.path(); }

    // ---- working

    /// Makes what is missing, after whatever is damaged or was left unfinished is gone.
    ///
    /// @param verify whether every byte that is there is looked at before
    /// @return rows that were made here
    /// @throws UserError if the disk has no room, before anything is written; or something cannot be read or written
    public long fill(boolean verify) {
        var locks = CacheLocks.of(folder.path());
        locks.tryExclusive(WRITERS).ifPresent(held -> {
            try (held) {
                sweep(verify);
            }
        });
        CacheFill.requireRoom(folder.path(), states().stream().mapToLong(State::bytes).sum(), free());
        long made = 0;
        try (var _ = locks.shared(WRITERS); var _ = TensorScope.open()) {
            for (var part : parts) {
                part.wanted().set().describe(folder.path());
                made += new CacheFill<>(part.wanted(), part.store(), locks, threads, progress).all();
            }
        }
        progress.close();
        return made;
    }

    /// Nobody writes meanwhile.
    private void sweep(boolean verify) {
        for (var part : parts) {
            part.store().unfinished().forEach(part.store()::drop);
            part.store().broken().forEach(broken -> drop(part.store(), broken));
            if (verify) part.store().verify().forEach(broken -> drop(part.store(), broken));
        }
    }

    private void drop(RowStore store, RowStore.Broken broken) {
        progress.message(broken.why());
        store.drop(broken.file());
    }

    private long free() {
        try {
            return Files.getFileStore(folder.path()).getUsableSpace();
        } catch (IOException e) {
            throw WriteFailure.of(folder.path(), e);
        }
    }

    /// Deletes all sets that are not of this recipe.
    ///
    /// @return their bytes
    /// @throws UserError if somebody fills or reads the folder
    public long prune() {
        try (var _ = alone(WRITERS); var _ = alone(TrainingCache.READERS)) {
            var stale = stale();
            stale.forEach(content -> folder.delete(content.set()));
            return stale.stream().mapToLong(CacheFolder.Content::bytes).sum();
        }
    }

    private CacheLocks.Held alone(String name) {
        return CacheLocks.of(folder.path()).tryExclusive(name).orElseThrow(() -> new UserError(
                "%s is in use by another process. Give the command again when that has ended".formatted(folder.path())));
    }

    @Override
    public void close() {
        for (var resource : opened.reversed()) {
            try {
                resource.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
