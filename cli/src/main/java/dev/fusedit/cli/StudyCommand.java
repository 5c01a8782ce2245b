package dev.fusedit.cli;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.Host;
import dev.fusedit.trainer.compare.ComparedImages;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.log.ShellWords;
import dev.fusedit.trainer.log.TextTable;
import dev.fusedit.trainer.run.Interrupts;
import dev.fusedit.trainer.study.Study;
import dev.fusedit.trainer.study.StudyFiles;
import dev.fusedit.trainer.study.StudyJson;
import dev.fusedit.trainer.study.StudyPlan;
import dev.fusedit.trainer.study.StudyPublication;
import dev.fusedit.trainer.study.StudyResult;
import dev.fusedit.trainer.study.StudyRun;
import dev.fusedit.trainer.study.StudyTables;
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
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "study",
        description = {"Compares architectures: trains each arm of a study from the same seeds at an equal budget, and says what the "
                + "differences allow to say.",
            "Every run is an ordinary one. A study that was stopped or killed goes on when the same command is given again."})
final class StudyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "STUDY", description = "A study's file, such as recipes/studies/fusion.yaml.")
    private Path file;

    @Option(names = "--out", paramLabel = "DIR", description = "Where runs and tables go. Default: runs/studies/NAME by the study's name.")
    private @Nullable Path out;

    @Option(names = "--set", paramLabel = "KEY=VALUE",
            description = "Change the recipe in all arms, such as where its files are. The same command goes on; without it the runs are others.")
    private List<String> changes = List.of();

    @Option(names = "--jobs", paramLabel = "N",
            description = "Runs side by side. Default: as many as their lanes and their memory leave room for; one where lanes are auto, or "
                    + "time is the budget.")
    private @Nullable Integer jobs;

    @Mixin
    private PipeOption pipes;

    @Mixin
    private HookOption hook;

    @Option(names = "--plan", description = "Tell arms, steps, cost and commands, and run nothing.")
    private boolean plan;

    @Option(names = "--publish", paramLabel = "DIR",
            description = "Write what is there, finished or not, as a page with tables and plots for others to read, and run nothing. A study "
                    + "that runs is not disturbed.")
    private @Nullable Path publish;

    @Option(names = "--json", description = "One object, for programs.")
    private boolean json;

    @Override
    public Integer call() {
        OptionBounds.check("--jobs", Bound.THREADS, jobs);
        var study = Study.read(file, changes, Optional.ofNullable(out));
        if (publish != null) return publish(study, publish);
        if (plan) {
            spec.commandLine().getOut().println(json ? StudyPlan.json(study).toString() : StudyPlan.text(study));
            return ExitCode.OK;
        }
        return run(study);
    }

    private int publish(Study study, Path folder) {
        if (plan || jobs != null) throw new UserError("study: --publish runs nothing and plans nothing. Leave out --plan and --jobs");
        var result = StudyRun.there(study);
        StudyPublication.write(result, folder);
        spec.commandLine().getOut()
                .println(json ? StudyJson.of(result).toString() : verdicts(result) + "Page: " + folder.resolve("index.md"));
        return ExitCode.OK;
    }

    private int run(Study study) {
        var console = ProgressLine.onStderr();
        int sideBySide = jobs != null ? jobs : study.sideBySide(Host.here().cores().allowed());
        var cells = new CellJobs(pipes, hook);
        Runnable onFirst = () -> {
            console.message("Stopping after this step and saving. Once more to stop at once.");
            cells.stop();
        };
        try (var interrupts = Interrupts.watch(onFirst, cells::kill)) {
            console.message("Study '%s' in %s: %d arms, %d seeds, %s side by side".formatted(study.file().name(), study.out(),
                    study.arms().size(), study.file().seeds().size(), sideBySide));
            var result = new StudyRun(study, cells, sideBySide, console::message, () -> interrupts.status() != 0).run();
            if (interrupts.status() != 0) {
                console.message("Stopped. Go on: " + again());
                return interrupts.status();
            }
            StudyFiles.write(result, Optional.of(images(result, console)));
            console.close();
            spec.commandLine().getOut().println(json ? StudyJson.of(result).toString() : text(result));
            return ExitCode.OK;
        }
    }

    private static ComparedImages images(StudyResult result, ProgressLine console) {
        return ComparedImages.of(result.firstSeed(), null, console);
    }

    private static String text(StudyResult result) { return verdicts(result) + "Page: " + result.study().out().resolve("index.html"); }

    private static String verdicts(StudyResult result) {
        var text = new StringBuilder(TextTable.of(StudyTables.verdicts(result)).text());
        result.notes().forEach(note -> text.append(note).append('\n'));
        return text.toString();
    }

    private String again() {
        var words = new ArrayList<>(List.of("study", file.toString()));
        if (out != null) words.addAll(List.of("--out", out.toString()));
        changes.forEach(change -> words.addAll(List.of("--set", change)));
        if (jobs != null) words.addAll(List.of("--jobs", jobs.toString()));
        words.addAll(pipes.words());
        words.addAll(hook.words());
        words.addAll(OwnProcess.libtorch());
        return ShellWords.fusedit(words);
    }
}
