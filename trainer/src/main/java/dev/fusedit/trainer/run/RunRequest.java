package dev.fusedit.trainer.run;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.log.ShellWords;
import dev.fusedit.trainer.recipe.RecipeDifference;
import dev.fusedit.trainer.report.RunAbout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// How a run was asked for: what its folder says of that, and what else the person at the keyboard allows.
///
/// @param command as it was given; empty for another program's run
/// @param base the recipe as it was before anything was changed in it, if that is one
/// @param again words behind `train RECIPE --out DIR` that make the same run
/// @param runsHook whether `logging.hook` is run: a recipe may come from anywhere
/// @param processes that share the run
public record RunRequest(String command, Optional<Base> base, List<String> again, boolean runsHook, int processes) {
    /// Of a program that says nothing of itself.
    public static final RunRequest NONE = new RunRequest("", Optional.empty(), List.of(), false, 1);

    /// @param name or file
    /// @param canonical form
    public record Base(String name, String canonical) {}

    public RunRequest {
        again = ImmutableList.copyOf(again);
    }

    Optional<RunAbout.Base> base(String recipe) {
        return base.map(from -> new RunAbout.Base(from.name, RecipeDifference.between(from.canonical, recipe)));
    }

    /// The recipe of the folder has all that was decided, so it alone says what is trained; its hook is run again.
    String again(Path folder, boolean hooked) {
        var words = ImmutableList.<String>builder().add("train", folder.resolve("recipe.yaml").toString(), "--out", folder + "-again")
                .addAll(again);
        if (hooked) words.add("--allow-hook");
        return ShellWords.fusedit(words.build());
    }
}
