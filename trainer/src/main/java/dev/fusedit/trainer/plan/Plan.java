package dev.fusedit.trainer.plan;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.PathChoice;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.model.Precisions;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.report.PlannedUse;
import dev.fusedit.trainer.report.StageUse;
import dev.fusedit.trainer.run.AutoSettings;
import dev.fusedit.trainer.stage.StagePlan;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What a recipe takes: computed from shapes, before anything is allocated.
///
/// @param beside parameters of what stands frozen beside the model: autoencoder, CLIP
/// @param checkpoint bytes of one, on the disk
/// @param available bytes that there are here, and `where`
/// @param remedies what would make it fit; empty if it does
/// @param speed of this machine, if it was measured
/// @param processes that share its steps: the stages are those of rank 0, with its share of each batch
/// @param others memory of each other process, at most
public record Plan(Recipe recipe, Parameters parameters, long beside, List<StageEstimate> stages, long checkpoint, long available,
        String where,
        List<Remedy> remedies, @Nullable Calibration speed, Processes processes, long others) {
    /// @param trainable by some stage
    public record Parameters(long total, long trainable, long dit, long llm) {}

    /// @param trainable parameters that the stage trains
    public record StageEstimate(StagePlan plan, long trainable, StageMemory memory, StageWork work) {
        /// Images that it shows.
        public long images() { return imagesBy(plan.endStep()); }

        /// Images that it has shown by the end of a step.
        ///
        /// @param step over all stages
        public long imagesBy(long step) { return use(plan.stage().losses().flow() == null ? 0 : plan.stage().batch()).imagesBy(step); }

        /// Needed operations of its steps until the end of one.
        ///
        /// @param step over all stages
        public double flopsBy(long step) { return use(0).flopsBy(step); }

        private StageUse use(long images) { return new StageUse(plan.firstStep(), plan.steps(), images, work.flops()); }
    }

    /// The plan of a recipe with what it leaves to the machine decided: the precision, and as many lanes as fit into the memory.
    ///
    /// @param said told why the precision was chosen, or that the recipe's own is slow here, in a sentence
    public static Plan settled(Recipe given, Consumer<String> said) { return settled(given, Processes.ALONE, said); }

    /// As [#settled(Recipe, Consumer)], for rank 0 of several processes.
    ///
    /// @param given its share of the recipe ([Recipe#sharedBy])
    public static Plan settled(Recipe given, Processes processes, Consumer<String> said) {
        var settings = AutoSettings.of(given);
        var remark = settings.remark(given);
        if (remark != null) said.accept(remark);
        var plan = of(settings.recipe(), processes);
        for (int lanes = settings.recipe().run().lanes().orElseThrow(); !plan.fits() && given.run().lanes().isEmpty() && lanes > 1;) {
            lanes /= 2;
            var run = settings.recipe().run();
            plan = of(settings.recipe().withRun(run.with(run.precision(), lanes)), processes);
        }
        return plan;
    }

    /// Without a measurement of this machine's speed.
    ///
    /// @param given what it leaves to the machine is decided as in [#settled], whatever the memory
    public static Plan of(Recipe given) { return of(given, Processes.ALONE); }

    private static Plan of(Recipe given, Processes processes) {
        var recipe = AutoSettings.settle(given);
        var shapes = ModelShapes.of(recipe);
        var lengths = TextLengths.of(recipe);
        var estimates = estimates(recipe, shapes, lengths, processes, 0);
        long others = others(recipe, shapes, lengths, processes);
        var capacity = Capacity.of(recipe.run().device());
        long needed = needed(recipe, estimates, others, processes);
        var remedies = needed <= capacity.bytes() ? List.<Remedy>of()
                : new Remedies(recipe, changed -> {
                    var other = shapes(changed, recipe, shapes);
                    return needed(changed, estimates(changed, other, lengths, processes, 0), others(changed, other, lengths, processes),
                            processes);
                }, needed, capacity.bytes()).all();
        return new Plan(recipe, parameters(estimates, shapes, recipe), ModelShapes.count(shapes.vae()) + ModelShapes.count(shapes.clip()),
                estimates, estimates.stream().mapToLong(stage -> stage.memory().saved()).max().orElseThrow(), capacity.bytes(),
                capacity.of(), remedies,
                null, processes, others);
    }

    /// Of the other process that owns most.
    private static long others(Recipe recipe, ModelShapes shapes, TextLengths lengths, Processes processes) {
        if (processes.isAlone()) return 0;
        int largest = IntStream.range(1, processes.count()).boxed().max(Comparator.comparingLong(
                rank -> ModelShapes.count(ProcessShare.of(recipe, shapes.model(), processes, rank).owned(shapes.model())))).orElseThrow();
        return demanding(estimates(recipe, shapes, lengths, processes, largest)).memory().total();
    }

    /// On this machine; a CUDA device is one process's.
    private static long needed(Recipe recipe, List<StageEstimate> estimates, long others, Processes processes) {
        long first = demanding(estimates).memory().total();
        return switch (recipe.run().device()) {
            case CPU -> first + (processes.here() - 1) * others;
            case CUDA -> first;
        };
    }

    /// The changes of a stage that take less memory and cost least.
    ///
    /// @param index of the stage
    List<Remedy> cheapest(int index, int count) {
        var shapes = ModelShapes.of(recipe);
        var lengths = TextLengths.of(recipe);
        return new Remedies(recipe,
                changed -> estimates(changed, shapes(changed, recipe, shapes), lengths, processes, 0).get(index).memory().total(),
                stages.get(index).memory().total(), 0).cheapest(recipe.stages().get(index), count);
    }

    private static ModelShapes shapes(Recipe changed, Recipe recipe, ModelShapes shapes) {
        return changed.model().equals(recipe.model()) ? shapes : ModelShapes.of(changed);
    }

    /// The same with this machine's speed, measured with matmuls of the recipe's own shapes. Takes at most 20 s.
    public Plan measured() {
        return new Plan(recipe, parameters, beside, stages, checkpoint, available, where, remedies, Calibration.of(recipe, stages),
                processes, others);
    }

    private static List<StageEstimate> estimates(Recipe recipe, ModelShapes shapes, TextLengths lengths, Processes processes,
            int rank) {
        var share = ProcessShare.of(recipe, shapes.model(), processes, rank);
        var plans = StagePlan.of(recipe);
        var forms = recipe.stages().stream().map(stage -> StageShape.of(recipe, stage, shapes, lengths)).toList();
        var trainable = forms.stream().flatMap(form -> form.trainable().stream()).collect(Collectors.toSet());
        var inEma = new LinkedHashSet<ParameterShape>();
        var estimates = ImmutableList.<StageEstimate>builder();
        StageMemory before = null;
        for (int i = 0; i < plans.size(); i++) {
            var form = forms.get(i);
            if (form.stage().ema() != null) inEma.addAll(form.trainable());
            else inEma.removeAll(form.trainable());
            var counts = StageCounts.of(form);
            var alone = StageMemory.of(form, counts, trainable, inEma, i > 0 || savesWithin(recipe, plans.get(i)), share);
            before = before == null ? alone : alone.after(before, form.stage().keepOptimizer());
            estimates.add(new StageEstimate(plans.get(i), ModelShapes.count(form.trainable()), before, StageWork.of(form, counts)));
        }
        return estimates.build();
    }

    /// Whether a checkpoint is written while the stage goes on, or at the end of the run, when its heap has not shrunk yet.
    private static boolean savesWithin(Recipe recipe, StagePlan plan) {
        var every = recipe.checkpoints().every();
        return plan.index() == recipe.stages().size() - 1 || every != null && every < plan.endStep();
    }

    private static Parameters parameters(List<StageEstimate> stages, ModelShapes shapes, Recipe recipe) {
        var groups = recipe.stages().stream().map(dev.fusedit.trainer.model.ParameterGroups::new).toList();
        long trainable = shapes.model().stream().filter(shape -> groups.stream().anyMatch(group -> group.of(shape.name()) != null))
                .mapToLong(ParameterShape::count).sum();
        return new Parameters(ModelShapes.count(shapes.model()), trainable,
                shapes.model().stream().filter(ParameterShape::isDit).mapToLong(ParameterShape::count).sum(),
                shapes.model().stream().filter(ParameterShape::isLlm).mapToLong(ParameterShape::count).sum());
    }

    private static StageEstimate demanding(List<StageEstimate> stages) {
        return stages.stream().max(Comparator.comparingLong(stage -> stage.memory().total())).orElseThrow();
    }

    /// In what each kind of op computes, a line each: where an op is slow in the recipe's precision another is chosen.
    public List<String> paths() {
        var device = Precisions.device(recipe.run());
        return PathChoice.lines(Calibration.dtype(recipe.run().precision()), device);
    }

    /// Which layers of the language model are read; null where that is all of them, or the model is the recipe's own as it is.
    @Nullable
    TakenLayers layers() { return TakenLayers.of(recipe); }

    /// The stage that needs most memory.
    public StageEstimate demanding() { return demanding(stages); }

    /// In short, for a run's page.
    ///
    /// @param run the same recipe, of other lengths perhaps
    PlannedUse use(Recipe run) {
        var uses = StagePlan.of(run).stream().map(plan -> new StageUse(plan.firstStep(), plan.steps(), StagePlan.images(plan.stage()),
                stages.get(plan.index()).work().flops())).toList();
        return new PlannedUse(demanding().memory().total(), checkpoint, uses);
    }

    /// Memory of all processes that are on this machine.
    public long needed() { return needed(recipe, stages, others, processes); }

    public boolean fits() { return needed() <= available; }

    /// @throws UserError telling what helps, if the recipe needs more memory than there is
    public Plan requireFits() {
        if (fits()) return this;
        var message = new StringBuilder(
                "recipe '%s' needs about %,d MiB in stage '%s'%s, but there are %,d MiB of %s.".formatted(recipe.run().name(),
                        needed() >> 20, demanding().plan().stage().name(),
                        processes.here() == 1 ? "" : " for %d processes".formatted(processes.here()), available >> 20, where));
        remedies.forEach(remedy -> message.append("\n  ").append(remedy));
        throw new UserError(message.toString());
    }
}
