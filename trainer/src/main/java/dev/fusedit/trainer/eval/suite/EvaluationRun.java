package dev.fusedit.trainer.eval.suite;

import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.PipelineFolder;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Evaluation;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.ImageSampler;
import dev.fusedit.trainer.sampling.KeptImages;
import dev.fusedit.trainer.sampling.SamplingModel;
import dev.fusedit.trainer.sampling.SamplingProgress;
import dev.fusedit.trainer.sampling.WantedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Suites over a saved model, or over images that another program made.
public final class EvaluationRun {
    /// All sets of Blocks.
    public static final Evaluation EVERYTHING = new Evaluation(List.of(Evaluation.ScoreSet.values()), 48, 0);
    private static final int BLOCKS = 32;
    private static final String PAGE = "index.html";

    private EvaluationRun() {}

    /// Where a report and its images go.
    ///
    /// @param force whether images that were made otherwise are made again, instead of refused
    public record Output(Path folder, boolean force) {}

    /// The prompts of Blocks that a model is asked for unless a person says otherwise: its recipe's; all sets for one of other data, or of
    /// which no recipe is known.
    ///
    /// @throws UserError naming what is wrong with the place
    public static Evaluation usual(Path place) {
        if (PipelineFolder.is(place)) return EVERYTHING;
        SamplingModel.requireModel(place);
        var recipe = SavedModel.recipe(place);
        var own = recipe.evaluation();
        return recipe.data().isBuiltIn() ? own : new Evaluation(EVERYTHING.scored(), own.promptsPerKind(), own.seed());
    }

    /// Samples what the suites ask for, as far as it is not there yet, and judges. Unless something is changed, the scores of Blocks are
    /// those that the end of the run came to.
    ///
    /// @param place a run's folder, one of its checkpoints, or a pipeline
    /// @param sampling changes how the model samples
    /// @param out empty where images are kept in memory alone, and only the report is returned
    /// @throws UserError naming what is wrong with the place, or with a file of the request
    public static EvaluationReport ofModel(Path place, SuiteRequest request, UnaryOperator<SamplingSettings> sampling, Optional<Output> out,
            ProcessGroup group, ProgressLine console) {
        var suites = Suites.of(request, Optional.empty());
        var images = suites.stream().flatMap(EvaluationRun::ofImages).toList();
        requireFolder(request, out);
        requireModel(place, suites.stream().flatMap(EvaluationRun::ofModel).toList());
        var reports = new ArrayList<SuiteReport>();
        var sampled = Optional.<EvaluationReport.Sampled>empty();
        if (!images.isEmpty()) {
            try (var loaded = SamplingModel.open(place, Optional.of(request.device()))) {
                var settings = sampling.apply(loaded.defaults());
                requireSize(images, settings);
                sampled = Optional.of(sample(place, loaded, settings, images, out, group, console, reports));
            }
        }
        suites.stream().flatMap(EvaluationRun::ofModel).forEach(suite -> reports.add(measured(suite, place, request.device())));
        var report = EvaluationReport.of(sampled, inOrder(suites, reports));
        out.ifPresent(to -> write(report, to.folder(), WantedImage::file));
        return report;
    }

    /// Samples a share of the images that rank 0 evaluates, to its end.
    ///
    /// @param device as [SamplingModel#open(Path, Optional)]
    /// @return the status of rank 0's process
    public static int follow(Path place, Optional<Device> device, UnaryOperator<SamplingSettings> sampling, ProcessGroup group) {
        try (var loaded = SamplingModel.open(place, device)) {
            return ImageSampler.of(loaded.sampling(sampling.apply(loaded.defaults()))).shared(group).follow();
        }
    }

    /// Judges images that another program made.
    ///
    /// @param out where the page and the numbers go
    public static EvaluationReport ofImages(Path folder, SuiteRequest request, Optional<Output> out) {
        var given = GivenImages.in(folder);
        var suites = Suites.of(request, Optional.of(given.all()));
        suites.stream().flatMap(EvaluationRun::ofModel).findFirst().ifPresent(suite -> {
            throw new UserError("suite %s looks into a model, not at images. Give --model".formatted(suite.name().key()));
        });
        var report = EvaluationReport.of(Optional.empty(),
                suites.stream().flatMap(EvaluationRun::ofImages).map(suite -> suite.judge(given)).toList());
        out.ifPresent(to -> write(report, to.folder(), wanted -> given.file(wanted)
                .map(file -> to.folder().toAbsolutePath().relativize(file.toAbsolutePath()).toString()).orElse("")));
        return report;
    }

    static Stream<Suite.OfImages> ofImages(Suite suite) {
        return switch (suite) {
            case Suite.OfImages images -> Stream.of(images);
            case Suite.OfModel _ -> Stream.empty();
        };
    }

    static Stream<Suite.OfModel> ofModel(Suite suite) {
        return switch (suite) {
            case Suite.OfImages _ -> Stream.empty();
            case Suite.OfModel model -> Stream.of(model);
        };
    }

    static List<SuiteReport> inOrder(List<Suite> suites, List<SuiteReport> reports) {
        return suites.stream().map(suite -> reports.stream().filter(report -> report.name() == suite.name()).findFirst().orElseThrow())
                .toList();
    }

    private static void requireFolder(SuiteRequest request, Optional<Output> out) {
        for (var suite : List.of(SuiteName.GENEVAL, SuiteName.DPG)) {
            if (request.suites().contains(suite) && out.isEmpty()) {
                throw new UserError("suite %s writes images for another program to look at. Give --out DIR".formatted(suite.key()));
            }
        }
    }

    /// @throws UserError if one of the suites could not judge images of that size
    static void requireSize(List<Suite.OfImages> suites, SamplingSettings sampled) {
        if (suites.stream().anyMatch(Suite.OfImages::isOfBlocks)
                && (sampled.height() != sampled.width() || sampled.width() % BLOCKS != 0)) {
            throw new UserError("the model samples %d x %d pixels (height x width), and Blocks is judged on squares of a multiple of %d"
                    .formatted(sampled.height(), sampled.width(), BLOCKS));
        }
    }

    private static EvaluationReport.Sampled sample(Path place, LoadedPipeline model, SamplingSettings settings, List<Suite.OfImages> suites,
            Optional<Output> out, ProcessGroup group, ProgressLine console, List<SuiteReport> reports) {
        int evaluations = model.pipeline().evaluations(settings.request(List.of("")));
        var began = System.nanoTime();
        var sampler = ImageSampler.of(model.sampling(settings)).shared(group);
        var sets = suites.stream().flatMap(suite -> suite.wanted().stream()).toList();
        if (out.isEmpty()) {
            var progress = SamplingProgress.of(console, "score", sets.stream().mapToInt(set -> set.images().size()).sum());
            var watched = sampler.watched(progress::add);
            for (var suite : suites) reports.add(suite.judge(inMemory(watched, suite)));
        } else {
            try (var kept = KeptImages.open(out.get().folder(), SamplingModel.identity(place), settings, out.get().force())) {
                int missing = sets.stream().mapToInt(set -> kept.missing(sampler, set.images())).sum();
                var progress = SamplingProgress.of(console, "score", Math.max(1, missing));
                reports.addAll(judged(kept, sampler.watched(progress::add), suites, out.get().folder()));
            } catch (IOException e) {
                throw WriteFailure.of(out.get().folder(), e);
            }
        }
        return new EvaluationReport.Sampled(settings, evaluations, (System.nanoTime() - began) / 1e9);
    }

    /// What suites say of their images, which are made as far as they are not kept yet.
    static List<SuiteReport> judged(KeptImages kept, ImageSampler sampler, List<Suite.OfImages> suites, Path folder) throws IOException {
        suites.stream().flatMap(suite -> suite.wanted().stream()).forEach(set -> kept.make(sampler, set.images()));
        var reports = new ArrayList<SuiteReport>();
        for (var suite : suites) {
            suite.write(folder, SampledImages.in(kept));
            reports.add(suite.judge(SampledImages.in(kept)));
        }
        return reports;
    }

    /// Set by set, as each begins a batch.
    private static SuiteImages inMemory(ImageSampler sampler, Suite.OfImages suite) {
        var sets = suite.wanted().stream().map(set -> SampledImages.of(sampler, set.images())).toList();
        return wanted -> sets.stream().map(set -> set.of(wanted)).flatMap(Optional::stream).findFirst();
    }

    /// Before anything is sampled, which takes long.
    private static void requireModel(Path place, List<Suite.OfModel> suites) {
        if (suites.isEmpty()) return;
        if (PipelineFolder.is(place))
            throw new UserError("suite %s needs a run or a checkpoint: a pipeline does not say what its model was trained on"
                    .formatted(suites.getFirst().name().key()));
        var recipe = SavedModel.recipe(place);
        suites.forEach(suite -> suite.require(recipe));
    }

    private static SuiteReport measured(Suite.OfModel suite, Path place, Device device) {
        try (var loaded = SavedModel.loadForSampling(place, Optional.of(device))) {
            return suite.measure(loaded);
        }
    }

    static void write(EvaluationReport report, Path folder, Function<WantedImage, String> place) {
        try {
            Files.createDirectories(folder);
            WholeFile.write(folder.resolve(EvaluationFile.NAME), report.toJson().toPrettyString() + "\n");
            WholeFile.write(folder.resolve(PAGE), EvaluationPage.of(report, place));
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }
}
