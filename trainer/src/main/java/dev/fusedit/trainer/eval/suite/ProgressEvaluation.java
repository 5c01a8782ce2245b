package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.eval.metrics.Estimate;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Evaluation;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.sampling.ImageSampler;
import dev.fusedit.trainer.sampling.KeptImages;
import dev.fusedit.trainer.sampling.RunPipeline;
import dev.fusedit.trainer.sampling.WantedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Suites over a model while it is trained, as its recipe says ([Evaluation.Progress]): always the same prompts, images and noise, so that
/// two evaluations differ by what was learned between them.
///
/// The noise is a function of the suites' own seeds: nothing is drawn that a training step would miss. Memory is that of sampling a batch,
/// and of one encoder at a time, which is opened for an evaluation and closed again.
///
/// @param suites as `eval` has them
public record ProgressEvaluation(Recipe recipe, ImmutableList<Suite> suites) {
    private static final String FOLDER = "evaluation";

    /// Empty for a recipe that evaluates nothing on the way. Reads prompts, and lists images; no image is read.
    ///
    /// @throws dev.fusedit.torch.UserError if a file of the suites cannot be read
    public static Optional<ProgressEvaluation> of(Recipe recipe) {
        return recipe.evaluation().watched()
                .map(progress -> new ProgressEvaluation(recipe, Suites.of(request(recipe, progress), Optional.empty())));
    }

    private static SuiteRequest request(Recipe recipe, Evaluation.Progress progress) {
        var evaluation = recipe.evaluation();
        return new SuiteRequest(ImmutableList.copyOf(progress.suites()), progress.files(),
                new Evaluation(evaluation.scored(), progress.promptsPerKind(), evaluation.seed()), of(progress.images()),
                of(progress.samples()),
                OptionalLong.empty(), false, Precisions.device(recipe.run()));
    }

    private static OptionalInt of(@Nullable Integer number) {
        return number == null ? OptionalInt.empty() : OptionalInt.of(number);
    }

    /// That are sampled for one evaluation.
    public int images() {
        return suites.stream().flatMap(EvaluationRun::ofImages).flatMap(suite -> suite.wanted().stream())
                .mapToInt(set -> set.images().size())
                .sum();
    }

    /// Images that go through the model once for the losses of one evaluation.
    public int forwards() { return suites.stream().flatMap(EvaluationRun::ofModel).mapToInt(Suite.OfModel::forwards).sum(); }

    /// Of the weights as they are. Images, a page of them and `eval.json` stay in `evaluation/step-000500` of the run's folder. What is there
    /// of the same recipe and step is not made again, so that an evaluation that was cut short goes on.
    ///
    /// @param bundle stays its owner's
    /// @param run its folder
    /// @param step that the weights are of, over all stages
    /// @param watched of the sampler: what is told of each batch, what stops it
    /// @return by suite and number: `blocks/seen`, `loss/flow`
    public ImmutableMap<String, Estimate> of(ModelBundle bundle, Path run, long step, UnaryOperator<ImageSampler> watched) {
        var folder = run.resolve(FOLDER).resolve(String.format(Locale.ROOT, "step-%06d", step));
        var reports = new ArrayList<SuiteReport>();
        var sampled = sampled(bundle, folder, step, watched, reports);
        var model = new SavedModel.Loaded(recipe, bundle, run);
        suites.stream().flatMap(EvaluationRun::ofModel).forEach(suite -> reports.add(suite.measure(model)));
        var report = EvaluationReport.of(sampled, EvaluationRun.inOrder(suites, reports));
        EvaluationRun.write(report, folder, WantedImage::file);
        return report.headline();
    }

    private Optional<EvaluationReport.Sampled> sampled(ModelBundle bundle, Path folder, long step, UnaryOperator<ImageSampler> watched,
            List<SuiteReport> reports) {
        var images = suites.stream().flatMap(EvaluationRun::ofImages).toList();
        if (images.isEmpty()) return Optional.empty();
        long began = System.nanoTime();
        var pipeline = RunPipeline.of(recipe, bundle);
        var settings = pipeline.defaults();
        try (var kept = KeptImages.renewed(folder, "step %d of recipe %s".formatted(step, recipe.hash()), settings)) {
            reports.addAll(EvaluationRun.judged(kept, watched.apply(ImageSampler.of(pipeline)), images, folder));
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
        return Optional.of(new EvaluationReport.Sampled(settings, pipeline.pipeline().evaluations(settings.request(List.of(""))),
                (System.nanoTime() - began) / 1e9));
    }
}
