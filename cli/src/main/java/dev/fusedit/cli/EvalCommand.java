package dev.fusedit.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.eval.suite.EvaluationRun;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.eval.blocks.selfcheck.SelfCheck;
import dev.fusedit.trainer.data.blocks.Kind;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.run.RankAgreement;
import dev.fusedit.trainer.sampling.SamplingModel;
import dev.fusedit.trainer.sampling.SamplingProgress;
import dev.fusedit.trainer.recipe.Evaluation.ScoreSet;
import dev.fusedit.trainer.recipe.Evaluation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "eval", description = "Measures how well images follow their captions, and how they compare with others.")
final class EvalCommand implements Callable<Integer> {
    private static final int SELF_CHECK_IMAGES = 10_000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--suite", split = ",", defaultValue = "blocks", paramLabel = "SUITE",
            description = "What to measure by: ${COMPLETION-CANDIDATES}.")
    private List<SuiteName> suites;

    @ArgGroup(multiplicity = "1")
    private Subject subject;

    /// One of these.
    static final class Subject {
        @Option(names = "--model", required = true, paramLabel = "DIR",
                description = "Have a trained model generate images for the suite's prompts: a run's folder, one of its checkpoints, or "
                        + "a pipeline.")
        private @Nullable Path model;

        @Option(names = "--images", required = true, paramLabel = "DIR",
                description = "Judge images that another program made: found by the suite's file names, or by prompts beside them.")
        private @Nullable Path images;

        @Option(names = "--self-check", required = true,
                description = "Try the suite's checker on drawn images whose captions are known to be true or false.")
        private boolean selfCheck;
    }

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private DeviceOption device;

    @Mixin
    private SuiteOptions suite;

    @Option(names = "--sets", split = ",", paramLabel = "SET",
            description = "With --model: ${COMPLETION-CANDIDATES}. Default: the recipe's.")
    private @Nullable List<ScoreSet> sets;

    @Option(names = "--prompts-per-kind", paramLabel = "N",
            description = "With --model: prompts of each kind in each set. Default: the recipe's.")
    private @Nullable Integer prompts;

    @Option(names = "--images-per-kind", paramLabel = "N", description = "With --self-check: how many of each kind. Default: 10000.")
    private @Nullable Integer images;

    @Option(names = "--json", description = "The same for programs.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        sampling.check();
        OptionBounds.check("--images-per-kind", Bound.COUNT, images);
        OptionBounds.check("--prompts-per-kind", Bound.COUNT, prompts);
        suite.check();
        if (subject.selfCheck && (sampling.isGiven() || device.isGiven() || suite.isGiven() || sets != null || prompts != null)) {
            throw refused("--self-check samples nothing: of the options only --images-per-kind and --json are its");
        }
        if (subject.selfCheck && !suites.equals(List.of(SuiteName.BLOCKS))) throw refused("--self-check is of the suite blocks alone");
        if (!subject.selfCheck && images != null) {
            throw refused("--images-per-kind is for --self-check; with --model, --prompts-per-kind says how many");
        }
        if (subject.images != null && sampling.isGiven()) throw refused("--images samples nothing: how is an option of --model");
        if (subject.images != null && device.isGiven() && !suite.encodes())
            throw refused("--device is for what computes: a model, or an encoder of images (--clip, --dino, --inception)");
        if (suite.isForcedWithoutFolder()) throw refused("--force is for images that are kept: give --out too");
        if ((sets != null || prompts != null) && !suites.contains(SuiteName.BLOCKS))
            throw refused("--sets and --prompts-per-kind are of the suite blocks");
        if (subject.model == null) {
            Job.requireAlone("eval without --model judges what is there");
            return subject.selfCheck ? selfCheck() : evaluation(ProcessGroup.alone());
        }
        try (var group = Job.join()) {
            new RankAgreement(group).requireSame(String.join(" ", spec.commandLine().getParseResult().originalArgs()));
            return group.isFirst() ? Job.lead(group, () -> evaluation(group))
                    : EvaluationRun.follow(subject.model, device.asked(), sampling::over, group);
        }
    }

    private ParameterException refused(String why) { return new ParameterException(spec.commandLine(), why); }

    private int evaluation(ProcessGroup group) {
        var console = ProgressLine.onStderr();
        var report = subject.model != null
                ? EvaluationRun.ofModel(subject.model, suite.request(suites, blocks(EvaluationRun.usual(subject.model)),
                        SamplingModel.device(subject.model, device.asked())), sampling::over, suite.output(), group, console)
                : EvaluationRun.ofImages(subject.images, suite.request(suites, blocks(EvaluationRun.EVERYTHING), device.orCpu()),
                        suite.output());
        console.close();
        spec.commandLine().getOut().println(json ? report.toJson().toString() : report);
        return ExitCode.OK;
    }

    private Evaluation blocks(Evaluation usual) {
        return new Evaluation(sets != null ? sets : usual.scored(), SamplingOptions.orElse(prompts, usual.promptsPerKind()), usual.seed());
    }

    private int selfCheck() throws IOException {
        int perKind = SamplingOptions.orElse(images, SELF_CHECK_IMAGES);
        var console = ProgressLine.onStderr();
        var progress = SamplingProgress.of(console, "check", Kind.values().length * perKind);
        var check = SelfCheck.run(perKind, () -> progress.add(1));
        console.close();
        spec.commandLine().getOut().println(json ? new ObjectMapper().writeValueAsString(check.toJson()) : check);
        return check.passed() ? ExitCode.OK : ExitCode.CHECK_FAILED;
    }
}
