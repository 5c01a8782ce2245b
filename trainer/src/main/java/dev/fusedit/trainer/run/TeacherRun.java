package dev.fusedit.trainer.run;

import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.fusion.vision.DinoFolder;
import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.align.TeacherConfigs;
import dev.fusedit.trainer.align.TeacherTask;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.Content;
import dev.fusedit.trainer.checkpoint.RunFolder;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.Prefetch;
import dev.fusedit.trainer.data.blocks.BlocksText;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.MetricsLog;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.model.ImageTensors;
import dev.fusedit.trainer.optim.Gradients;
import dev.fusedit.trainer.optim.Optimizer;
import dev.fusedit.trainer.optim.OptimizerState;
import dev.fusedit.trainer.optim.RateSchedule;
import dev.fusedit.trainer.optim.Update;
import dev.fusedit.trainer.recipe.Data;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import dev.fusedit.trainer.stage.ProcessFigures;
import dev.fusedit.trainer.step.DivergedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The training of a vision encoder by a recipe, from its first step to its probes. A step is a function of its number and of what the
/// checkpoint before holds, so a run that was stopped goes on as if it had not been.
///
/// A checkpoint is a Hugging Face folder of the encoder, with the recipe, the task's heads and the optimizer's moments beside. Everything
/// here happens on the calling thread, which is the one that runs torch.
public final class TeacherRun implements AutoCloseable {
    private static final String WEIGHTS = "model.safetensors";
    private static final String HEADS = "task.safetensors";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String TASK = "task.";

    private final TeacherRecipe recipe;
    private final TeacherRecipe.Learning learning;
    private final RunFolder folder;
    private final Interrupts interrupts;
    private final ProgressLine console;
    private final Seed seed;
    private final TensorScope scope = TensorScope.open();
    private final Weights weights;
    private final DinoModel model;
    private final TeacherTask task;
    private final BlocksBatches data;
    private final OptimizerState optimizerState = new OptimizerState();
    private final Optimizer optimizer;
    private final Checkpoints checkpoints;
    private final MetricsLog metrics;
    private final long began = System.nanoTime();
    private long done;
    private long doneBefore;

    /// Builds the encoder: untrained, or as the folder's newest checkpoint has it.
    public TeacherRun(TeacherRecipe recipe, RunFolder folder, Interrupts interrupts, ProgressLine console) {
        this.recipe = recipe;
        this.learning = recipe.learning();
        this.folder = folder;
        this.interrupts = interrupts;
        this.console = console;
        seed = Seed.of(recipe.run().seed());
        var tokenizer = WordTokenizer.of(BlocksText.words());
        var blocks = (Data.Blocks) recipe.data();
        data = new BlocksBatches(blocks.seed(), blocks.mix().blocks(), blocks.samples(), blocks.shuffledCaptions(), tokenizer,
                Integer.MAX_VALUE);
        weights = Weights.fresh(seed.derive("weights"), DTypePolicy.F32);
        model = DinoModel.of(TeacherConfigs.of(recipe), recipe.teacher().initRange(), weights);
        task = TeacherTask.of(learning.task(), model, tokenizer.size(), weights.in("task"));
        optimizer = Optimizer.of(learning.optimizer(), optimizerState, weights.policy().compute());
        weights.train(_ -> true);
        checkpoints = new Checkpoints(folder.checkpoints(),
                new Checkpoints.Keep(recipe.checkpoints().keep(), recipe.checkpoints().keepEvery()));
        checkpoints.newestWhole(console::message).ifPresent(this::resume);
        metrics = new MetricsLog(folder.metrics());
        if (done > 0) {
            metrics.cutAfter(done);
            metrics.event("resume", done, Map.of());
        }
    }

    /// The folder of a run, locked: a new one, or that of a run of the same recipe, which goes on.
    ///
    /// @throws UserError if the folder is something else's, in use, or of another recipe
    public static RunFolder folder(Path place, TeacherRecipe recipe, Resume resume) {
        if (resume == Resume.FORCE) {
            throw new UserError("--resume force: the training of a teacher goes on under its own recipe only. Give another --out");
        }
        boolean isNew = resume == Resume.NO || !RunFolder.isRun(place);
        var folder = isNew ? RunFolder.create(place, recipe.canonical()) : RunFolder.open(place);
        if (!isNew && !recipeIn(folder).equals(recipe.canonical())) {
            throw new UserError("%s holds a run of another recipe. Give another --out".formatted(place));
        }
        folder.lock();
        return folder;
    }

    private static String recipeIn(RunFolder folder) {
        try {
            return Files.readString(folder.recipe());
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s".formatted(folder.recipe(), e), e);
        }
    }

    /// Trains, judges, and writes what the folder is to hold.
    ///
    /// @param upTo a step after which to save and stop
    /// @return null if that step came before the last one
    /// @throws Interrupted if a signal came; a checkpoint is written first
    public @Nullable TeacherResult run(long upTo) {
        train(Math.min(upTo, learning.steps()));
        if (done < learning.steps()) {
            return null;
        }
        folder.write(folder.lossPlot(),
                new LinePlot("Loss", "step", MetricsLog.curves(MetricsLog.rows(folder.metrics()), "loss"), true, 0.9).image().png());
        console.message("Probing %d images".formatted(recipe.probes().fitted() + recipe.probes().judged()));
        double trained = secondsOfTraining();
        var result = TeacherResult.of(recipe, model, trained, done, ProcessFigures.peakMiB());
        folder.write(folder.result(), result.json().getBytes(StandardCharsets.UTF_8));
        return result;
    }

    private double secondsOfTraining() { return (System.nanoTime() - began) / 1e9; }

    // ---- steps

    private void train(long end) {
        var wanted = new BlocksBatches.Wanted(0, learning.batch(), recipe.data().imageSize(), 0, 0, 0);
        try (var batches = new Prefetch<>(done, end, recipe.data().workers(), step -> data.of(step, wanted))) {
            while (done < end) {
                step(batches.next());
                if (interrupts.status() != 0) {
                    throw new Interrupted(interrupts.status(), save(), done);
                }
                var every = recipe.checkpoints().every();
                if (every != null && done % every == 0 || done == end) {
                    save();
                }
            }
        }
    }

    private void step(Batch batch) {
        try (var _ = TensorScope.open(); var gradients = new Gradients(weights.trainable())) {
            var loss = task.loss(ImageTensors.of(batch.images(), recipe.data().imageSize()), batch, seed.derive("step", done));
            loss.backward();
            gradients.take(weights);
            double norm = gradients.norm();
            if (!Double.isFinite(loss.item()) || !Double.isFinite(norm)) {
                throw new DivergedException("teacher", done, "the loss", loss.item(), norm, batch.keys());
            }
            gradients.scale(learning.gradClip() == null || norm <= learning.gradClip() ? 1 : learning.gradClip() / norm);
            optimizer.step(updates(gradients));
            log(loss.item(), norm);
            done++;
        }
    }

    private double rate() { return new RateSchedule(learning.schedule(), learning.warmUp(), learning.steps()).at(learning.lr(), done); }

    private List<Update> updates(Gradients gradients) {
        return weights.all().filter(parameter -> gradients.of(parameter.name()) != null)
                .map(parameter -> new Update(parameter.name(), parameter.master(), Objects.requireNonNull(gradients.of(parameter.name())),
                        rate(), decay(parameter)))
                .toList();
    }

    private double decay(Parameter parameter) {
        return switch (learning.optimizer().decay()) {
            case ALL -> learning.optimizer().weightDecay();
            case MATRICES -> parameter.master().rank() > 1 ? learning.optimizer().weightDecay() : 0;
        };
    }

    private void log(double loss, double norm) {
        double pace = (done + 1 - doneBefore) / secondsOfTraining();
        console.update(new ProgressLine.Progress("teach", done + 1, learning.steps(), loss, pace * learning.batch(),
                (learning.steps() - done - 1) / pace));
        if (done % recipe.logging().metricsEvery() == 0 || done + 1 == learning.steps()) {
            var row = new LinkedHashMap<String, Object>();
            row.put("loss", loss);
            row.put("gradient_norm", norm);
            row.put("rate", rate());
            row.put("seconds", ProcessFigures.seconds());
            metrics.row(done + 1, row);
        }
    }

    // ---- checkpoints

    private Path save() {
        var files = new LinkedHashMap<String, Content>();
        files.put("recipe.yaml", Content.of(recipe.canonical()));
        files.put(DinoFolder.CONFIG, Content.of(model.config().json().toPrettyString() + "\n"));
        files.put(DinoFolder.IMAGES, Content.of(DinoFolder.Normalization.PLAIN.json()));
        files.put(WEIGHTS, tensors(state(false)));
        files.put(HEADS, tensors(state(true)));
        files.put(OPTIMIZER, tensors(optimizerState.state()));
        return checkpoints.save(done, files);
    }

    private Map<String, Tensor> state(boolean ofTask) {
        var state = new LinkedHashMap<>(weights.state());
        state.keySet().removeIf(name -> name.startsWith(TASK) != ofTask);
        return state;
    }

    private static Content tensors(Map<String, Tensor> tensors) { return out -> SafeTensors.write(out, tensors, Map.of("format", "pt")); }

    /// Each parameter that has moments has taken all steps.
    private void resume(Checkpoint checkpoint) {
        done = checkpoint.step();
        doneBefore = done;
        try (var encoder = SafeTensors.open(checkpoint.file(WEIGHTS));
                var heads = SafeTensors.open(checkpoint.file(HEADS));
                var remembered = SafeTensors.open(checkpoint.file(OPTIMIZER))) {
            weights.load(encoder, name -> name.startsWith(TASK) ? null : name);
            weights.load(heads, name -> name.startsWith(TASK) ? name : null);
            var steps = new LinkedHashMap<String, Long>();
            remembered.names().forEach(name -> steps.put(name.substring(0, name.lastIndexOf('.')), done));
            optimizerState.load(remembered, steps, weights);
        }
    }

    /// Steps done.
    public long done() { return done; }

    /// Frees the encoder and closes the logs.
    @Override
    public void close() {
        metrics.close();
        console.close();
        optimizerState.close();
        weights.close();
        scope.close();
    }
}
