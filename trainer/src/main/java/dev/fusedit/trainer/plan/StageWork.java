package dev.fusedit.trainer.plan;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.vae.AutoencoderKL;
import dev.fusedit.fusion.vision.ClipTextModel;
import dev.fusedit.nn.Weights;
import dev.fusedit.nn.ops.Count;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.fusion.vision.KnownClipTexts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// Floating-point operations of a step that are needed, however it is computed: what activation checkpointing computes a second time is
/// not.
///
/// Of the layers they are counted over their own equations ([StageCounts]): 2 · rows · size for each matrix forward, as much for the gradient of
/// its input where something before it learns, and once more where it learns itself. Attention: 4 · queries · keys · width, of causal ones about
/// half, twice as much in the backward pass.
public record StageWork(List<Matmul> matmuls) {
    private static final int CLIP_TOKENS = 77;

    static StageWork of(StageShape stage, StageCounts counts) {
        var matmuls = new ArrayList<Matmul>();
        add(matmuls, Matmul.Of.DIT, counts.image().matmuls(), 1);
        add(matmuls, Matmul.Of.LLM, counts.captions().matmuls(), 1);
        add(matmuls, Matmul.Of.LLM, counts.sentences().matmuls(), 1);
        if (stage.sampled()) {
            heads(stage, matmuls);
            add(matmuls, Matmul.Of.BESIDE, beside(stage.recipe(), stage.recipe().largest(stage.stage())), stage.images());
        }
        logits(stage, matmuls);
        int micro = stage.stage().accumulation();
        return new StageWork(joined(matmuls, micro));
    }

    private static void add(List<Matmul> all, Matmul.Of of, List<Count.Matmul> counted, double times) {
        counted.forEach(
                one -> all.add(new Matmul(of, Math.round(one.rows()), Math.round(one.in()), Math.round(one.out()), one.times() * times)));
    }

    /// Equal products once.
    private static List<Matmul> joined(List<Matmul> matmuls, int micro) {
        var counts = new LinkedHashMap<Matmul, Double>();
        matmuls.forEach(one -> counts.merge(new Matmul(one.of(), one.rows(), one.in(), one.out(), 1), one.count() * micro, Double::sum));
        return counts.entrySet().stream().map(one -> new Matmul(one.getKey().of(), one.getKey().rows(), one.getKey().in(),
                one.getKey().out(), one.getValue())).collect(ImmutableList.toImmutableList());
    }

    public double flops() { return matmuls.stream().mapToDouble(Matmul::flops).sum(); }

    double flops(Matmul.Of of) { return matmuls.stream().filter(matmul -> matmul.of() == of).mapToDouble(Matmul::flops).sum(); }

    /// Heads of alignment losses, which all learn. Those of features look at every token; those of comparisons at pooled ones.
    private static void heads(StageShape stage, List<Matmul> matmuls) {
        for (var shape : stage.shapes().heads().getOrDefault(stage.stage().name(), List.of())) {
            long rows = stage.images() * (HeadShapes.seesTokens(shape) ? stage.tokens() : 1);
            if (!shape.isVector())
                matmuls.add(new Matmul(Matmul.Of.DIT, rows, shape.count() / shape.first(), shape.first(),
                        stage.trainable().contains(shape) ? 3 : 2));
        }
    }

    private static void logits(StageShape stage, List<Matmul> matmuls) {
        var text = stage.shapes().config().text();
        long rows = (long) stage.spoken() * stage.spokenTokens();
        boolean table = stage.trainable().stream().anyMatch(shape -> shape.name().equals("llm.embed_tokens.weight"));
        if (rows > 0)
            matmuls.add(
                    new Matmul(Matmul.Of.LLM, rows, text.hidden(), text.vocabulary(), 1 + (stage.trainsLlm() ? 1 : 0) + (table ? 1 : 0)));
    }

    /// What looks on at one image: the autoencoder's encoder unless its latents are kept, CLIP.
    private static List<Count.Matmul> beside(Recipe recipe, ImageSize size) {
        var model = recipe.model();
        var all = new ArrayList<Count.Matmul>();
        try (var weights = Weights.shapes()) {
            var sizes = ModelShapes.autoencoder(model);
            if (sizes != null && !recipe.readsLatents())
                all.addAll(AutoencoderKL.of(sizes, weights.in("vae")).encodeMatmuls(size.height(), size.width()));
            if (model.clip() != null) {
                var clip = KnownClipTexts.find(model.clip()).orElseThrow();
                all.addAll(ClipTextModel.of(clip, weights.in("clip")).matmuls(CLIP_TOKENS));
            }
        }
        return all;
    }
}
