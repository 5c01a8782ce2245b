package dev.fusedit.trainer.shell;

import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.plan.PreparedRun;
import dev.fusedit.trainer.plan.Processes;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.run.Interrupts;
import dev.fusedit.trainer.run.Resume;
import dev.fusedit.trainer.run.RunStart;
import dev.fusedit.trainer.run.TrainingRun;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Trains by a recipe in this process, as `./fusedit train` does: what is made lies in the run's folder. A run that was stopped goes on,
/// and one that is finished stays as it is. How far it is stands on standard error.
public final class Train {
    private Train() {}

    /// @return the run's folder, to be opened by [dev.fusedit.trainer.sampling.SamplingModel#open]
    /// @throws dev.fusedit.torch.UserError if the folder is something else's or of another recipe, or the recipe cannot be trained on here
    public static Path run(Recipe recipe, Path folder) { return run(recipe, folder, null); }

    /// With stages so long that the whole takes about so many minutes.
    public static Path run(Recipe recipe, Path folder, double minutes) { return run(recipe, folder, (Double) minutes); }

    private static Path run(Recipe recipe, Path folder, @Nullable Double minutes) {
        var console = ProgressLine.onStderr();
        try (var start = PreparedRun.in(folder, recipe, minutes, Resume.AUTO, Processes.ALONE, console::message)) {
            switch (start) {
                case RunStart.Finished _ -> {}
                case RunStart.Fresh fresh -> run(fresh, console);
                case RunStart.GoingOn more -> run(more, console);
            }
        }
        return folder;
    }

    private static void run(RunStart start, ProgressLine console) {
        try (var run = new TrainingRun(start, Interrupts.none(), console)) {
            run.run();
            console.close();
        }
    }
}
