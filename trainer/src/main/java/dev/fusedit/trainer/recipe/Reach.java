package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.dit.GradientMask.Modality;
import dev.fusedit.trainer.recipe.binding.Names;
import java.util.List;

/// Whether what a stage trains is reached by what it minimizes, and whether its images fit its model.
final class Reach {
    private Reach() {}

    static void check(Stage stage, Model model, Data data) {
        checkImages(stage, model, data);
        var losses = stage.losses();
        String place = "stages." + stage.name();
        checkArgument(!stage.trains(Part.DIT) || losses.flow() != null,
                "%s.lr.dit must be left out: stage '%s' trains the DiT, but no loss reaches it (losses has no flow)", place, stage.name());
        checkArgument(!stage.trains(Part.LLM) || reachesLlm(stage, model),
                "%s.lr.llm must be left out: stage '%s' trains the LLM, but no loss reaches it%s", place,
                stage.name(),
                losses.flow() != null ? ": gradient_mask keeps the flow loss out, and losses has no language" : "");
        checkAdapters(stage, model, place);
        int layers = model.dit().layers();
        checkArgument(losses.repa() == null || losses.repa().layer() <= layers, "%s.losses.repa.layer must be at most the DiT's %s layers",
                place,
                layers);
        checkArgument(losses.contrastive() == null || losses.contrastive().layer() <= layers,
                "%s.losses.contrastive.layer must be at most the DiT's %s layers", place, layers);
        boolean micro = losses.contrastive() != null && losses.contrastive().negatives() == Losses.Negatives.MICRO;
        checkArgument(losses.contrastive() == null || stage.batch() / (micro ? stage.accumulation() : 1) > 1,
                "%s.losses.contrastive must be left out: there is no other image in the %s to tell one from", place,
                micro ? "micro-batch (negatives: global compares with the whole batch's)" : "batch");
        checkArgument(!stage.trains(Part.ALIGNMENT) || losses.repa() != null || losses.contrastive() != null,
                "%s.lr.alignment must be left out: losses has neither repa nor contrastive, so there are no alignment heads", place);
    }

    private static void checkAdapters(Stage stage, Model model, String place) {
        for (var part : List.of(Part.LLM_ADAPTER, Part.DIT_ADAPTER)) {
            checkArgument(!stage.lr().containsKey(Names.constant(part)) || model.adapters() != null && model.adapters().has(part),
                    "%s.lr.%s must be left out: model.adapters has none of that part", place, Names.constant(part));
        }
        checkArgument(!stage.trains(Part.DIT_ADAPTER) || stage.losses().flow() != null,
                "%s.lr.dit-adapter must be left out: no loss reaches the DiT (losses has no flow)", place);
        checkArgument(!stage.trains(Part.LLM_ADAPTER) || reachesLlm(stage, model),
                "%s.lr.llm-adapter must be left out: no loss reaches the LLM%s", place,
                stage.losses().flow() != null ? ": gradient_mask keeps the flow loss out, and losses has no language" : "");
    }

    /// What a stage takes on of the stage before.
    static void checkOrder(List<Stage> stages) {
        for (int i = 0; i < stages.size(); i++) {
            var stage = stages.get(i);
            checkArgument(!stage.keepOptimizer() || i > 0, "stages.%s.keep_optimizer must be false: no stage is before it", stage.name());
            if (stage.keepOptimizer()) {
                var before = stages.get(i - 1).optimizer().getClass();
                checkArgument(stage.optimizer().getClass() == before,
                        "stages.%s.keep_optimizer must be false: the stage before has the optimizer %s, not %s", stage.name(),
                        Names.variant(before), Names.variant(stage.optimizer().getClass()));
            }
        }
    }

    private static boolean reachesLlm(Stage stage, Model model) {
        var losses = stage.losses();
        boolean byAttention = losses.flow() != null
                && stage.gradientMask().mask().lets(Modality.IMAGE, Modality.TEXT);
        boolean byContrast = losses.contrastive() != null && losses.contrastive().intoLlm();
        return losses.language() != null || byAttention || byContrast;
    }

    private static void checkImages(Stage stage, Model model, Data data) {
        checkArgument(stage.epochs() == null || data.samples() != null,
                "stages.%s.epochs must not be given: the data has no end. Give steps, or data.samples", stage.name());
        checkArgument(stage.mix() == null || data.isBuiltIn(), "stages.%s.mix must be left out: it is of the built-in data",
                stage.name());
        int side = stage.side(data), pixels = model.patchPixels();
        checkArgument(side % pixels == 0, stage.resolution() == null
                ? "model.dit.patch must divide the images' side of %s pixels, but a patch is %s pixels wide"
                : "stages." + stage.name() + ".resolution must be a multiple of a patch's pixels: %s is none of %s", side, pixels);
        switch (data) {
            case Data.Single single -> checkBuckets(stage, single, side, pixels, "data");
            case Data.Mixture mixture -> mixture.sources()
                    .forEach(source -> checkBuckets(stage, source.data(), side, pixels, "data.sources." + source.name() + ".data"));
        }
        int longest = data.sizes(side, pixels).stream().mapToInt(size -> Math.max(size.width(), size.height())).max().orElseThrow();
        switch (model.positions()) {
            case Model.Positions.Ape(var table, _) -> checkArgument(table == null || longest <= (long) table * pixels,
                    "model.positions.table must have a place for each row of patches: stage '%s' has %s, the table %s",
                    stage.name(), longest / pixels, table);
            case Model.Positions.Rope1d() -> {}
            case Model.Positions.Rope2d() -> {}
            case Model.Positions.MRope() -> {}
        }
        checkArgument(!data.hasBlocks() || side % 32 == 0,
                "stages.%s.resolution must be a multiple of 32 with Blocks, but is %s",
                stage.name(), side);
    }

    private static void checkBuckets(Stage stage, Data.Single data, int side, int pixels, String key) {
        switch (data) {
            case Data.Blocks _ -> {}
            case Data.Images images -> {
                if (images.aspectBuckets() != null) images.aspectBuckets().check(stage, side, pixels, key);
            }
        }
    }
}
