package dev.fusedit.trainer.run;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.Host;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.log.ProgramVersion;
import dev.fusedit.trainer.log.RowHook;
import dev.fusedit.trainer.recipe.Logging;
import dev.fusedit.trainer.report.PlannedUse;
import dev.fusedit.trainer.report.RunAbout;
import dev.fusedit.trainer.report.RunPageWriter;
import dev.fusedit.trainer.stage.RunMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What looks on while a run trains, and never is a reason for it to fail: `report.html`, and the command of `logging.hook`.
final class RunWatch implements AutoCloseable {
    private final Optional<String> hookCommand;
    private final RunRequest request;
    private final RunFolder folder;
    private final Consumer<String> said;
    private @Nullable RunPageWriter page;
    private @Nullable RowHook hook;

    /// What a run is and is expected to take.
    ///
    /// @param name of the recipe
    /// @param canonical form of the recipe that is run
    /// @param step after which it goes on
    /// @param steps of the whole
    /// @param images of the whole
    /// @param seconds of the whole, if they were measured
    /// @param device it trains on
    record Begun(String name, String canonical, Optional<PlannedUse> plan, long step, long steps, long images, Optional<Double> seconds,
            Device device) {}

    /// Nothing looks on yet.
    ///
    /// @throws UserError if a recipe names a command that nobody has allowed
    RunWatch(Logging settings, RunRequest request, RunFolder folder, Consumer<String> said) {
        if (settings.hook() != null && !request.runsHook())
            throw new UserError(
                    "the recipe runs a command for its rows, logging.hook: %s%nGive --allow-hook to run it, or take the key out of the recipe"
                            .formatted(settings.hook()));
        hookCommand = Optional.ofNullable(settings.hook());
        this.request = request;
        this.folder = folder;
        this.said = said;
    }

    void begin(Begun run) {
        try {
            page = RunPageWriter.begin(folder, request.base(run.canonical), run.plan, start(run), run.device);
        } catch (IOException | UserError e) {
            said.accept("There will be no %s: %s".formatted(folder.page(), e instanceof IOException io ? WriteFailure.causeAndRemedy(io)
                    : e.getMessage()));
        }
        hookCommand.ifPresent(command -> beginHook(command, run));
    }

    private RunAbout.Start start(Begun run) {
        return new RunAbout.Start(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), run.step, run.steps, run.images,
                run.seconds.orElse(null), request.command(), request.again(folder.folder(), hookCommand.isPresent()), request.processes(),
                RunMachine.here(),
                Host.here().memory().allowed(), ProgramVersion.number(), Runtime.version().toString(), System.getProperty("os.name"));
    }

    private void beginHook(String command, Begun run) {
        var place = folder.folder().toAbsolutePath().normalize();
        try {
            hook = RowHook.start(command, Map.of("FUSEDIT_RUN", place.toString()), folder.hookLog(), said);
            var row = JsonNodeFactory.instance.objectNode().put("event", "start").put("step", run.step).put("run", place.toString())
                    .put("name", run.name).put("recipe", folder.recipe().toAbsolutePath().normalize().toString()).put("steps", run.steps);
            hook.row(row.toString());
        } catch (IOException e) {
            said.accept("logging.hook cannot be run: %s. The run goes on without it".formatted(e.getMessage()));
        }
    }

    /// A row of `metrics.jsonl`, as it stands there.
    void row(String line) {
        if (page != null) page.changed().ifPresent(said);
        if (hook != null) hook.row(line);
    }

    void preview(long step, Path file) {
        row(JsonNodeFactory.instance.objectNode().put("event", "preview").put("step", step).put("path", file.toAbsolutePath().normalize()
                .toString()).toString());
    }

    /// A file, if it is there.
    private static void put(ObjectNode row, String key, Path file) {
        if (Files.exists(file)) row.put(key, file.toAbsolutePath().normalize().toString());
    }

    /// The hook hears of the end, and how it was; then the last page is written.
    @Override
    public void close() {
        if (hook != null) {
            var end = JsonNodeFactory.instance.objectNode().put("event", "end").put("finished", folder.isFinished());
            put(end, "result", folder.result());
            put(end, "samples", folder.samples());
            hook.last(end.toString());
            hook.close();
        }
        if (page != null) page.close();
    }
}
