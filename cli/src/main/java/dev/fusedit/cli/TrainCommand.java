package dev.fusedit.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.distributed.PeerLost;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.eval.ResultJson;
import dev.fusedit.trainer.eval.ScoreTable;
import dev.fusedit.trainer.eval.Strengths;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.log.ShellWords;
import dev.fusedit.trainer.plan.PreparedRun;
import dev.fusedit.trainer.plan.Processes;
import dev.fusedit.trainer.plan.TeacherPlan;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import dev.fusedit.trainer.recipe.Training;
import dev.fusedit.trainer.report.PlannedUse;
import dev.fusedit.trainer.run.FollowingRun;
import dev.fusedit.trainer.run.Interrupted;
import dev.fusedit.trainer.run.Interrupts;
import dev.fusedit.trainer.run.Outcome;
import dev.fusedit.trainer.run.RankAgreement;
import dev.fusedit.trainer.run.Resume;
import dev.fusedit.trainer.run.RunRequest;
import dev.fusedit.trainer.run.RunStart;
import dev.fusedit.trainer.run.TeacherRun;
import dev.fusedit.trainer.run.TeacherStart;
import dev.fusedit.trainer.run.TrainingRun;
import dev.fusedit.trainer.step.Ranks;
import dev.fusedit.trainer.step.Sharding;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "train",
        description = {"Trains a model by a recipe, samples and scores images with it.",
            "A run that was stopped or killed goes on when the same command is given again."})
final class TrainCommand implements Callable<Integer> {
    private static final String REMEDY = "It is what a finished run has written";
    private static final Path RUNS = Path.of("runs");

    @Spec
    private CommandSpec spec;

    @Mixin
    private RecipeChoice choice;

    @Option(names = "--out", paramLabel = "DIR",
            description = "Where to leave what is made: a folder that is new, empty, or an earlier run's. Default: the recipe's "
                    + "run.output, else runs/NAME by the recipe's name. If a run is there that is finished or of another recipe, "
                    + "runs/NAME-2, and so on; if the newest one is unfinished and of this very recipe, it goes on.")
    private @Nullable Path out;

    @Option(names = "--minutes", paramLabel = "N",
            description = "Make all stages longer or shorter, so that training, sampling and scoring take about N minutes on this "
                    + "machine. Images and scores take the same time whatever is trained: with a small N, or on a slow machine, the "
                    + "whole takes longer (at least a quarter of N is trained), and the line before the first step says how long. A run "
                    + "that goes on keeps its steps. A teacher's recipe is scaled by its run.minutes.")
    private @Nullable Double minutes;

    @Option(names = "--resume", paramLabel = "HOW", defaultValue = "auto",
            description = "What to do if the folder holds a run. auto: go on after its newest whole checkpoint if it is of the same "
                    + "recipe, else refuse, with the difference. no: refuse any run; without --out, begin a new one beside it. "
                    + "force: go on under the recipe as it is now, and say what is ignored (default: ${DEFAULT-VALUE}).")
    private Resume resume;

    @Mixin
    private PipeOption pipes;

    @Mixin
    private HookOption hook;

    @Option(names = "--max-steps", paramLabel = "N",
            description = "Save and stop after step N, counted over all stages and from the run's beginning. No schedule changes.")
    private @Nullable Long maxSteps;

    @Option(names = "--shard", paramLabel = "WHAT", defaultValue = "none",
            description = "What each of several processes keeps a part of only. optimizer: what the optimizer remembers, and the moving "
                    + "average (ZeRO-1); gradients: that, and the sums of gradients (ZeRO-2). For less memory, with the same result "
                    + "(default: ${DEFAULT-VALUE}).")
    private Sharding sharding;

    @Option(names = "--json", description = "What result.json holds, in one line; of a run that was stopped, its step and its checkpoint.")
    private boolean json;

    @Override
    public Integer call() {
        if (maxSteps != null && maxSteps < 1) throw new UserError("--max-steps must be at least 1, but is " + maxSteps);
        if (minutes != null) Run.requireMinutes(minutes);
        if (sharding != Sharding.NONE) Job.requireLaunched("--shard shares out among processes");
        return switch (choice.any(spec.commandLine().getErr())) {
            case Training.OfModel(var read) -> trainModel(read);
            case Training.OfTeacher(var read) -> trainTeacher(minutes == null ? read : read.withMinutes(minutes));
        };
    }

    private int trainTeacher(TeacherRecipe chosen) {
        Job.requireAlone("recipe '%s' trains a teacher".formatted(chosen.run().name()));
        var console = ProgressLine.onStderr();
        var plan = TeacherPlan.of(chosen).requireFits();
        var named = named(chosen.run().output());
        try (var start = named == null ? TeacherStart.below(RUNS, chosen, resume, console::message)
                : TeacherStart.in(named, chosen, resume, console::message)) {
            var folder = start.folder();
            if (folder.isFinished()) {
                tellFinished(folder, "");
                return ExitCode.OK;
            }
            return train(start, plan.use(), console);
        }
    }

    private void tellFinished(RunFolder folder, String also) {
        spec.commandLine().getOut().println(json ? JsonFile.read(folder.result(), REMEDY)
                : "The run in %s is finished: %s tells how it went. For another one give another --out%s".formatted(folder.folder(),
                        folder.result(), also));
    }

    private int train(TeacherStart start, PlannedUse plan, ProgressLine console) {
        var stdout = spec.commandLine().getOut();
        var chosen = start.recipe();
        var folder = start.folder();
        try (var interrupts = OwnProcess.watch(() -> console.message("Stopping after this step and saving. Once more to stop at once."));
                var run = new TeacherRun(start, request(1), Optional.of(plan), interrupts, console)) {
            console.message("Training '%s' in %s after step %d".formatted(chosen.run().name(), folder.folder(), run.done()));
            var result = run.run(maxSteps == null ? Long.MAX_VALUE : maxSteps);
            console.close();
            if (json) {
                stdout.println(result == null ? JsonNodeFactory.instance.objectNode().put("step", run.done())
                        : JsonFile.read(folder.result(), REMEDY));
                return ExitCode.OK;
            }
            if (result == null) {
                stdout.println("Stopped after step %d%nGo on: %s".formatted(run.done(), again(folder.folder())));
                return ExitCode.OK;
            }
            stdout.println("Shares of patches whose object's color and shape a linear probe tells, on images that were not trained on");
            stdout.println(result.table());
            stdout.println("%d steps in %.0f s, %.0f MiB at most".formatted(result.steps(), result.seconds(), result.peakMib()));
            stdout.println(
                    "Align with it: losses: {repa: {teacher: {kind: trained, path: %s}, layer: 3}}".formatted(inYaml(folder.folder())));
            return ExitCode.OK;
        } catch (Interrupted stopped) {
            console.message("%s%nGo on: %s".formatted(stopped.getMessage(), again(folder.folder())));
            return stopped.status();
        }
    }

    private int trainModel(Recipe read) {
        Job.requireOwnDevice(read.run().device());
        try (var group = Job.join()) {
            new RankAgreement(group).requireSame(read, "--out %s --minutes %s --resume %s --max-steps %s --shard %s".formatted(out,
                    minutes, resume, maxSteps, sharding));
            return group.isFirst() ? Job.lead(group, () -> train(read, group)) : follow(group);
        }
    }

    private int follow(ProcessGroup group) {
        var stderr = spec.commandLine().getErr();
        try (var interrupts = Interrupts.watchAsRank(() -> {})) {
            return FollowingRun.follow(new Ranks(group, sharding, interrupts::status, interrupts::adopt), pipes.pipes(), stderr::println);
        }
    }

    private int train(Recipe read, ProcessGroup group) {
        var console = ProgressLine.onStderr();
        try (var start = start(read, Job.processes(group, sharding), console)) {
            return switch (start) {
                case RunStart.Fresh fresh -> train(fresh, group, "Training '%s' in %s", console);
                case RunStart.GoingOn more -> train(more, group, "Going on with '%s' in %s after step %d", console);
                case RunStart.Finished(var folder) -> {
                    tellFinished(folder, ", or --resume no");
                    yield ExitCode.OK;
                }
            };
        }
    }

    /// @param output of the recipe
    /// @return null where nobody names a folder
    private @Nullable Path named(@Nullable String output) { return out != null ? out : output == null ? null : Path.of(output); }

    private RunStart start(Recipe read, Processes processes, ProgressLine console) {
        var named = named(read.run().output());
        return named == null ? PreparedRun.below(RUNS, read, minutes, resume, processes, console::message)
                : PreparedRun.in(named, read, minutes, resume, processes, console::message);
    }

    /// @param begins what is said at the start, with places for the run's name, its folder, and how many steps are done
    private int train(RunStart start, ProcessGroup group, String begins, ProgressLine console) {
        var folder = start.folder().folder();
        Runnable stopping = () -> console.message("Stopping after this step and saving. Once more to stop at once.");
        try (var interrupts = group.isAlone() ? OwnProcess.watch(stopping) : Interrupts.watchAsRank(stopping);
                var run =
                        new TrainingRun(start, request(group.size()), pipes.pipes(),
                                new Ranks(group, sharding, interrupts::status, interrupts::adopt), interrupts,
                                console)) {
            console.message(begins.formatted(run.name(), folder, run.done()));
            var outcome = run.run(maxSteps == null ? Long.MAX_VALUE : maxSteps);
            console.close();
            switch (outcome) {
                case Outcome.Finished(var result) -> tell(start, result, run.firstPrompt());
                case Outcome.Paused(var step, var checkpoint) when json -> spec.commandLine().getOut()
                        .println(JsonNodeFactory.instance.objectNode().put("step", step).put("checkpoint", checkpoint.toString()));
                case Outcome.Paused(var step, var checkpoint) -> spec.commandLine().getOut()
                        .println("Stopped after step %d: %s%nGo on: %s".formatted(step, checkpoint, again(folder)));
            }
            return ExitCode.OK;
        } catch (PeerLost lost) {
            console.message("%s%nGo on after the newest checkpoint: %s".formatted(lost.getMessage(), again(folder)));
            return PeerLost.STATUS;
        } catch (Interrupted stopped) {
            console.message("%s%nGo on: %s".formatted(stopped.getMessage(), again(folder)));
            return stopped.status();
        }
    }

    /// @param prompt of the grid's first image: what is sampled next if no score says what the model does best
    private void tell(RunStart start, ResultJson result, String prompt) {
        var stdout = spec.commandLine().getOut();
        if (json) {
            stdout.println(JsonFile.read(start.folder().result(), REMEDY));
            return;
        }
        boolean scored = !result.blocks().isEmpty();
        if (scored) stdout.println(ScoreTable.text(result.blocks()));
        stdout.println("%.0f s, %.1f images/s, %.0f MiB at most".formatted(result.seconds(), result.imagesPerSecond(), result.peakMib()));
        stdout.println("Images: " + start.folder().samples());
        if (scored) stdout.println(Strengths.of(result.blocks()).sentence());
        stdout.println("Sample more: " + ShellWords.fusedit(List.of("sample", "--model", start.folder().folder().toString(), "--prompt",
                scored ? Strengths.of(result.blocks()).best().example() : prompt, "-n", "4", "--out", "images.png")));
    }

    /// How the run was asked for. A recipe that is none before `--set` has no base.
    private RunRequest request(int processes) {
        var words = spec.root().commandLine().getParseResult().originalArgs();
        return new RunRequest(ShellWords.fusedit(words), choice.base(), asHere(), hook.allows(choice.settings()), processes);
    }

    /// JSON's quotes are YAML's too.
    static String inYaml(Path path) {
        var text = path.toString();
        return text.matches("[A-Za-z0-9_./][A-Za-z0-9_./-]*") ? text : TextNode.valueOf(text).toString();
    }

    /// The command that goes on with this run, to its end.
    private String again(Path folder) {
        var words = new ArrayList<>(List.of("train"));
        words.addAll(choice.words());
        words.addAll(List.of("--out", folder.toString()));
        choice.settings().forEach(setting -> words.addAll(List.of("--set", setting)));
        if (minutes != null) words.addAll(List.of("--minutes", minutes.toString()));
        words.addAll(hook.words());
        words.addAll(asHere());
        return ShellWords.fusedit(words);
    }

    /// What was allowed and given beside the recipe, in any command that makes this run or goes on with it.
    private List<String> asHere() {
        var words = new ArrayList<>(pipes.words());
        words.addAll(OwnProcess.libtorch());
        if (sharding != Sharding.NONE) words.addAll(List.of("--shard", sharding.toString()));
        return words;
    }
}
