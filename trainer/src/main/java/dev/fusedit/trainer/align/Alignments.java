package dev.fusedit.trainer.align;

import dev.fusedit.nn.Weights;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Stage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The alignment losses of a run's stages. What they learn lies beside the model, under `alignment.STAGE.`; a later stage whose losses have
/// the same heads goes on with those of the first. Owns the teachers, whose weights are not the run's.
public final class Alignments implements AutoCloseable {
    /// Of all names; such weights are in checkpoints, and not in models that are given away.
    public static final String PREFIX = "alignment.";

    private final Weights weights;
    private final int imageWidth;
    private final int textWidth;
    private final List<Stage> recipes;
    private final StoredTeachers known;
    private final Map<Losses.Teacher, Teacher> teachers;
    private final boolean owner;
    private final Map<Object, Projection> projections = new HashMap<>();
    private final Map<Object, ContrastiveLoss.Heads> heads = new HashMap<>();
    private final Map<String, Alignment> stages = new HashMap<>();

    /// What decides on the shapes and the meaning of a loss's heads.
    private record Kind(Object compared, int layer, int width) {}

    /// Makes the heads and opens the teachers.
    ///
    /// @param weights the run's, in which the model is built already
    /// @param imageWidth of the image tokens
    /// @param textWidth of the language model
    /// @throws dev.fusedit.torch.UserError naming what is wrong with a teacher's files
    public Alignments(List<Stage> stages, Weights weights, int imageWidth, int textWidth) {
        this(stages, weights, imageWidth, textWidth, StoredTeachers.COMPUTED);
    }

    /// As [#Alignments(List, Weights, int, int)].
    ///
    /// @param known which teachers need not be opened
    public Alignments(List<Stage> stages, Weights weights, int imageWidth, int textWidth, StoredTeachers known) {
        this(stages, weights, imageWidth, textWidth, known, new HashMap<>(), true);
    }

    private Alignments(List<Stage> stages, Weights weights, int imageWidth, int textWidth, StoredTeachers known,
            Map<Losses.Teacher, Teacher> teachers, boolean owner) {
        recipes = stages;
        this.known = known;
        this.teachers = teachers;
        this.owner = owner;
        this.weights = weights;
        this.imageWidth = imageWidth;
        this.textWidth = textWidth;
        try {
            for (var stage : stages) {
                this.stages.put(stage.name(), new Alignment(repa(stage), contrastive(stage)));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private @Nullable RepaLoss repa(Stage stage) {
        var recipe = stage.losses().repa();
        if (recipe == null) {
            return null;
        }
        var stored = known.width(recipe);
        var teacher = stored.isPresent() ? Optional.<Teacher>empty()
                : Optional.of(teachers.computeIfAbsent(recipe.teacher(), each -> Teacher.of(each, weights.policy().device())));
        int width = teacher.map(Teacher::width).orElseGet(stored::getAsInt);
        var head = projections.computeIfAbsent(new Kind(recipe.teacher(), recipe.layer(), recipe.width()), _ -> Projection.of(
                weights.in(PREFIX + stage.name() + ".repa"), imageWidth, recipe.width(), width));
        return new RepaLoss(recipe, teacher, head);
    }

    private @Nullable ContrastiveLoss contrastive(Stage stage) {
        var recipe = stage.losses().contrastive();
        return recipe == null ? null
                : new ContrastiveLoss(recipe, heads.computeIfAbsent(new Kind(recipe.comparison(), recipe.layer(), recipe.width()),
                        _ -> ContrastiveLoss.Heads.of(recipe, imageWidth, textWidth, weights.in(PREFIX + stage.name() + ".contrastive"))));
    }

    /// The same losses and teachers over a replica of the weights; to be closed before this.
    public Alignments over(Weights replica) { return new Alignments(recipes, replica, imageWidth, textWidth, known, teachers, false); }

    public Alignment of(Stage stage) { return Objects.requireNonNull(stages.get(stage.name())); }

    @Override
    public void close() {
        if (owner) {
            teachers.values().forEach(Teacher::close);
        }
    }
}
