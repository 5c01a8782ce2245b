package dev.fusedit.trainer.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.recipe.RecipeDifference;
import dev.fusedit.trainer.stage.RunMachine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How a run was asked for, and what it was expected to take: `run.json`. A run that goes on adds a start.
///
/// @param base what its recipe was made of, if that is known
/// @param plan what it takes, if that was computed
/// @param starts of its processes, at least one
public record RunAbout(@Nullable Base base, @Nullable PlannedUse plan, List<Start> starts) {
    private static final JsonMapper JSON = new JsonMapper();

    /// @param recipe name or file of the recipe that was given
    /// @param differences of what is run from that, defaults included
    public record Base(String recipe, List<RecipeDifference> differences) {
        public Base {
            differences = ImmutableList.copyOf(differences);
        }
    }

    /// A process that trains.
    ///
    /// @param at when, as ISO 8601 has it
    /// @param step after which it goes on
    /// @param steps that the whole run has
    /// @param images that all of them show
    /// @param seconds that the whole run was expected to take by then; null where nobody measured it
    /// @param command as it was given; empty where another program started it
    /// @param again the command that makes the run again
    /// @param memory bytes that it may use
    /// @param system name of the operating system
    public record Start(String at, long step, long steps, long images, @Nullable Double seconds, String command, String again,
            int processes,
            RunMachine machine, long memory, String version, String java, String system) {}

    public RunAbout {
        starts = ImmutableList.copyOf(starts);
    }

    /// What a folder says of its run, with one more start. A run that begins anew, or under a recipe of other length, is planned anew.
    static RunAbout begun(Path file, Optional<Base> base, Optional<PlannedUse> plan, Start start) throws IOException {
        if (start.step == 0 || !Files.exists(file)) return new RunAbout(base.orElse(null), plan.orElse(null), List.of(start));
        var before = read(file);
        return new RunAbout(base.orElse(before.base), plan.orElse(before.plan),
                ImmutableList.<Start>builder().addAll(before.starts).add(start).build());
    }

    byte[] bytes() {
        try {
            return (JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /// @throws UserError if the file is something else
    static RunAbout read(Path file) throws IOException {
        return JsonFile.record(Files.readString(file), file.toString(), RunAbout.class, "Delete it: it is written when the run goes on");
    }

    Start first() { return starts.getFirst(); }

    Start last() { return starts.getLast(); }
}
