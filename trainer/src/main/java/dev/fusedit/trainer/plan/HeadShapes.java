package dev.fusedit.trainer.plan;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.vision.DinoConfig;
import dev.fusedit.trainer.align.Alignments;
import dev.fusedit.trainer.align.TeacherConfigs;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Shapes of the heads that alignment losses learn beside the model, as [Alignments] makes them; no teacher's file is opened.
final class HeadShapes {
    private static final String REPA = ".repa";

    private final int imageWidth;
    private final int textWidth;
    private final Map<List<Object>, List<ParameterShape>> made = new HashMap<>();

    private HeadShapes(int imageWidth, int textWidth) {
        this.imageWidth = imageWidth;
        this.textWidth = textWidth;
    }

    /// Those that each stage uses, by its name. Equal heads are those of the first stage that has them.
    static Map<String, List<ParameterShape>> of(List<Stage> stages, int imageWidth, int textWidth) {
        var heads = new HeadShapes(imageWidth, textWidth);
        var byStage = ImmutableMap.<String, List<ParameterShape>>builder();
        stages.forEach(stage -> byStage.put(stage.name(), heads.of(stage)));
        return byStage.buildOrThrow();
    }

    /// Whether a head works on every token of an image, as those of features do.
    static boolean seesTokens(ParameterShape head) { return head.name().startsWith(Alignments.PREFIX) && head.name().contains(REPA); }

    private List<ParameterShape> of(Stage stage) {
        var shapes = ImmutableList.<ParameterShape>builder();
        String prefix = Alignments.PREFIX + stage.name();
        var repa = stage.losses().repa();
        if (repa != null)
            shapes.addAll(made.computeIfAbsent(List.of(repa.teacher(), repa.layer(), repa.width()), _ -> repa(prefix + REPA, repa)));
        var contrast = stage.losses().contrastive();
        if (contrast != null)
            shapes.addAll(made.computeIfAbsent(List.of(contrast.comparison(), contrast.layer(), contrast.width()),
                    _ -> contrastive(prefix + ".contrastive", contrast)));
        return shapes.build();
    }

    private List<ParameterShape> repa(String prefix, Losses.Repa loss) {
        return ImmutableList.<ParameterShape>builder().addAll(linear(prefix + ".first", imageWidth, loss.width()))
                .addAll(linear(prefix + ".second", loss.width(), loss.width()))
                .addAll(linear(prefix + ".last", loss.width(), teacherWidth(loss.teacher()))).build();
    }

    private static int teacherWidth(Losses.Teacher teacher) {
        return switch (teacher) {
            case Losses.Teacher.DinoV2 _ -> DinoConfig.base().hidden(); // whichever size it is
            case Losses.Teacher.Trained _ -> ownWidth();
            case Losses.Teacher.Random _ -> ownWidth();
        };
    }

    private static int ownWidth() { return TeacherConfigs.of(TeacherRecipe.find("blocks-teacher", List.of())).hidden(); }

    private List<ParameterShape> contrastive(String prefix, Losses.Contrastive loss) {
        var shapes = ImmutableList.<ParameterShape>builder().addAll(linear(prefix + ".image", imageWidth, loss.width()))
                .addAll(linear(prefix + ".text", textWidth, loss.width())).add(ParameterShape.of(prefix + ".log_scale", new long[] {1}));
        if (loss.comparison() == Losses.Comparison.SIGLIP) shapes.add(ParameterShape.of(prefix + ".bias", new long[] {1}));
        return shapes.build();
    }

    private static List<ParameterShape> linear(String name, long in, long out) {
        return List.of(ParameterShape.of(name + ".weight", new long[] {out, in}), ParameterShape.of(name + ".bias", new long[] {out}));
    }
}
