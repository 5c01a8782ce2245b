package dev.fusedit.trainer.run;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// Where a teacher's training begins: its folder, and what is there already. The folder is locked until this is closed.
///
/// @param checkpoint the newest whole one, which is gone on from
/// @param ofThisOptimizer whether the checkpoint's moments are of the recipe's optimizer
public record TeacherStart(TeacherRecipe recipe, RunFolder folder, Optional<Checkpoint> checkpoint, boolean ofThisOptimizer)
        implements AutoCloseable {
    /// Looks into a folder that a person has named. One that is not there is made.
    ///
    /// @param said told of damaged checkpoints, and of what is ignored, in sentences
    /// @throws UserError if the folder is something else's, in use, or of another recipe; or if none of its checkpoints is whole
    public static TeacherStart in(Path place, TeacherRecipe recipe, Resume resume, Consumer<String> said) {
        if (resume == Resume.NO || !RunFolder.isRun(place)) {
            var folder = RunFolder.create(place, recipe.canonical());
            folder.lock();
            return new TeacherStart(recipe, folder, Optional.empty(), true);
        }
        var folder = RunFolder.open(place);
        var changed = RunStart.changed(place, recipeIn(folder), recipe.canonical(), resume);
        folder.lock();
        try {
            var newest = new Checkpoints(folder.checkpoints(), recipe.checkpoints().keep()).newestWhole(said);
            RunStart.tellIgnored(place, changed, said);
            if (!changed.isEmpty()) {
                folder.change(recipe.canonical());
            }
            return new TeacherStart(recipe, folder, newest,
                    changed.stream().noneMatch(change -> change.key().equals("learning.optimizer.kind")));
        } catch (RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    private static String recipeIn(RunFolder folder) {
        try {
            return Files.readString(folder.recipe());
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s".formatted(folder.recipe(), e), e);
        }
    }

    /// Steps that are done already; no more than the recipe has.
    long done() { return checkpoint.map(found -> Math.min(found.step(), recipe.learning().steps())).orElse(0L); }

    @Override
    public void close() { folder.close(); }
}
