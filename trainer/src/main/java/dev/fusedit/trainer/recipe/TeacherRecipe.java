package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.binding.Canonical;
import java.util.List;
import org.jspecify.annotations.Nullable;

@Doc("Training of a small vision encoder, for alignment (Repa) where there is none to download. A recipe of its own kind: the one with "
        + "a block 'teacher'.")
public record TeacherRecipe(
        Run run,
        Encoder teacher,
        Data data,
        Learning learning,
        @Doc("what its features are judged by, when it is trained") @Default("{}") Probes probes,
        @Default("{}") Logging logging,
        @Default("{}") Checkpointing checkpoints) {
    public TeacherRecipe {
        checkArgument(run.precision() == Run.Precision.F32 || run.precision() == Run.Precision.AUTO,
                "run.precision must be f32 in the training of a teacher");
        checkArgument(run.lanes().orElse(1) == 1, "run.lanes must be 1 in the training of a teacher");
        checkArgument(run.device() == Run.Device.CPU, "run.device must be cpu in the training of a teacher");
        checkArgument(data.isBuiltIn(), "data.kind must be blocks in the training of a teacher");
        checkArgument(data.imageSize() % teacher.patch() == 0, "teacher.patch must divide the images' side of %s, but is %s",
                data.imageSize(), teacher.patch());
    }

    @Doc("A vision transformer of DINOv2's architecture.")
    public record Encoder(
            int width,
            int layers,
            int heads,
            @Doc("width within the MLPs over 'width'") @Default("4") int mlpRatio,
            int patch,
            @Doc("deviation of the first weights; DINOv2's 0.02 is made for wider ones") @Default("0.02") double initRange) {
        public Encoder {
            Bound.WIDTH.check("width", width);
            Bound.LAYERS.check("layers", layers);
            Bound.HEADS.check("heads", heads);
            checkArgument(width % heads == 0, "heads must divide the width of %s, but is %s", width, heads);
            Bound.HEADS.check("mlp_ratio", mlpRatio);
            Bound.WIDTH.check("mlp_ratio times width", Math.multiplyFull(mlpRatio, width));
            Bound.SIDE.check("patch", patch);
            Bound.DEVIATION.check("init_range", initRange);
        }
    }

    @Doc("How it learns.")
    public record Learning(int steps, int batch, double lr, Task task, @Default("constant") Schedule schedule, @Default("0") int warmUp,
            @Default("adamw") OptimizerRecipe optimizer, @Nullable Double gradClip) {
        public Learning {
            Bound.STEPS.check("steps", steps);
            checkArgument(batch > 1, "batch must be at least 2, but is %s", batch);
            Bound.BATCH.check("batch", batch);
            Bound.POSITIVE.check("lr", lr);
            checkArgument(warmUp >= 0 && warmUp <= steps, "warm_up must lie in 0 to the %s steps, but is %s", steps, warmUp);
            Bound.POSITIVE.check("grad_clip", gradClip);
        }

        Learning scaled(double factor) {
            int scaled = (int) Math.clamp(Math.round(steps * factor), 1, Bound.STEPS.most());
            return new Learning(scaled, batch, lr, task, schedule, Math.clamp(Math.round(warmUp * factor), 0, scaled), optimizer, gradClip);
        }
    }

    /// What it learns from. Neither knows what the probes ask for: which object a patch belongs to.
    public sealed interface Task {
        @Doc("Images alone: some patches are hidden, and what is around each patch, hidden or not, is to be told from the rest.")
        record HiddenPatches(
                @Doc("share of the patches that are hidden") @Default("0.5") double hidden,
                @Doc("side in pixels of what is to be told around each patch's middle") int view) implements Task {
            public HiddenPatches {
                checkArgument(hidden > 0 && hidden < 1, "hidden must lie between 0 and 1, but is %s", hidden);
                Bound.checkShare("hidden", hidden);
                Bound.SIDE.check("view", view);
            }
        }

        @Doc("Images with captions: each is told from the others of the batch by the mean of its patches, each caption by the mean "
                + "of its words.")
        record Captions(
                @Default("infonce") Losses.Comparison comparison,
                @Doc("of the words and of the common space") @Default("64") int width) implements Task {
            public Captions {
                Bound.WIDTH.check("width", width);
            }
        }
    }

    @Doc("Linear classifiers of colour and shape on the patches' features.")
    public record Probes(
            @Doc("images that they are fitted to") @Default("1500") int fitted,
            @Doc("other images, that they are judged on; neither were trained on") @Default("1000") int judged,
            @Default("0") long seed) {
        public Probes {
            Bound.IMAGES.check("fitted", fitted);
            checkArgument(judged > 1, "judged must be at least 2, but is %s", judged);
            Bound.IMAGES.check("judged", judged);
        }
    }

    /// A recipe of this kind by its name or file, changed by settings.
    ///
    /// @throws UserError naming file, line and key of whatever is wrong, and for a recipe of another kind
    public static TeacherRecipe find(String nameOrPath, List<String> settings) {
        return switch (Training.find(nameOrPath, settings)) {
            case Training.OfTeacher(var recipe) -> recipe;
            case Training.OfModel(var recipe) -> throw new UserError("recipe '%s' trains no teacher".formatted(recipe.run().name()));
        };
    }

    /// The same recipe with more or fewer steps, so that it takes about so many minutes where [Run#minutes] is right.
    ///
    /// @throws UserError if the recipe does not say how long it takes as it is
    public TeacherRecipe withMinutes(double minutes) {
        Run.requireMinutes(minutes);
        if (run.minutes() == null)
            throw new UserError(
                    "--minutes cannot scale recipe '" + run.name() + "': it does not say how long it takes. Add run.minutes to it");
        double factor = minutes / run.minutes();
        return new TeacherRecipe(run.withMinutes(minutes), teacher, data, learning.scaled(factor), probes, logging, checkpoints);
    }

    /// This recipe as YAML with every default spelled out; reads back as itself.
    public String canonical() { return new Canonical(true).yaml(this); }

    /// This recipe as short as it can be written: no defaults.
    public String brief() { return new Canonical(false).yaml(this); }
}
