package dev.fusedit.trainer.plan;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.fusion.dit.Fusion;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Floating-point operations of a step that are needed, however it is computed: what activation checkpointing computes a second time is
/// not.
///
/// For each matrix 2 · rows · size in the forward pass, the same for the gradient of its input where something before it learns, and once more
/// where it learns itself: 6 in all for what is trained, 2 for a frozen language model. Attention: 4 · queries · keys · heads · width, half of
/// it where it is causal, twice as much in the backward pass; the image's rows see text and image.
public record StageWork(List<Matmul> matmuls) {
    /// Layers that are applied to the noise level, once an image.
    private static final Pattern PER_IMAGE =
            Pattern.compile("dit\\.(timestep_embedder|t_block|condition_embedder|norm_out)\\..*|.*input_layernorm\\.linear\\.weight");
    private static final Pattern PER_TEXT_TOKEN =
            Pattern.compile("dit\\.(context_embedder\\..*|text_adapter\\..*|.*\\.text\\..*|.*\\.text_[kv]_proj\\.weight)");
    private static final Pattern KEYS_VALUES = Pattern.compile(".*\\.self_attn\\.[kv]_proj\\.weight");
    private static final Pattern LAYER = Pattern.compile("llm\\.layers\\.(\\d+)\\..*");
    private static final int CLIP_TOKENS = 77;

    static StageWork of(StageShape stage) {
        var matmuls = new ArrayList<Matmul>();
        if (stage.sampled()) {
            image(stage, matmuls);
            captions(stage, matmuls);
            heads(stage, matmuls);
            beside(stage, matmuls);
        }
        if (!stage.readsCaptions()) language(stage, matmuls);
        logits(stage, matmuls);
        int micro = stage.stage().accumulation();
        return new StageWork(matmuls.stream().map(p -> new Matmul(p.of(), p.rows(), p.in(), p.out(), p.count() * micro))
                .collect(ImmutableList.toImmutableList()));
    }

    public double flops() { return matmuls.stream().mapToDouble(Matmul::flops).sum(); }

    double flops(Matmul.Of of) { return matmuls.stream().filter(matmul -> matmul.of() == of).mapToDouble(Matmul::flops).sum(); }

    // ---- the image side

    private static void image(StageShape stage, List<Matmul> matmuls) {
        boolean graph = stage.trainsDit() || stage.flowReachesLlm();
        for (var shape : stage.shapes().model()) {
            if (!shape.isDit() || shape.isVector()) continue;
            long rows = stage.images() * (PER_IMAGE.matcher(shape.name()).matches() ? 1
                    : PER_TEXT_TOKEN.matcher(shape.name()).matches() ? stage.caption() : stage.tokens());
            matmuls.add(matrix(Matmul.Of.DIT, rows, shape, times(graph, stage.trainable().contains(shape))));
        }
        var dit = stage.shapes().config().image();
        long inner = (long) dit.heads() * dit.headDim();
        double count = dit.layers() * (graph ? 3 : 1);
        long queries = stage.images() * stage.tokens();
        long joint = stage.shapes().config().fusion() instanceof Fusion.JointSelfAttention ? stage.caption() : 0;
        addAttention(matmuls, Matmul.Of.DIT, queries, inner, stage.tokens() + joint, count);
        if (joint == 0) addAttention(matmuls, Matmul.Of.DIT, queries, inner, stage.caption(), count);
    }

    /// Those of features look at every token; those of comparisons at pooled ones.
    private static void heads(StageShape stage, List<Matmul> matmuls) {
        for (var shape : stage.shapes().heads().getOrDefault(stage.stage().name(), List.of())) {
            long rows = stage.images() * (shape.name().contains(".repa.") ? stage.tokens() : 1);
            if (!shape.isVector()) matmuls.add(matrix(Matmul.Of.DIT, rows, shape, times(true, stage.trainable().contains(shape))));
        }
    }

    private static double times(boolean graph, boolean trainable) { return 1 + (graph ? 1 : 0) + (trainable ? 1 : 0); }

    private static Matmul matrix(Matmul.Of of, long rows, ParameterShape shape, double count) {
        return new Matmul(of, rows, shape.count() / shape.first(), shape.first(), count); // a convolution is a matrix over its places
    }

    /// Scores, and the values that they weigh.
    private static void addAttention(List<Matmul> matmuls, Matmul.Of of, long queries, long inner, long keys, double count) {
        matmuls.add(new Matmul(of, queries, inner, keys, count));
        matmuls.add(new Matmul(of, queries, keys, inner, count));
    }

    // ---- the text side

    private static void captions(StageShape stage, List<Matmul> matmuls) {
        boolean graph = stage.flowReachesLlm() || stage.readsCaptions() && stage.trainsLlm();
        boolean fused = stage.shapes().config() instanceof FuseDiTConfig;
        layers(stage, matmuls, stage.captions(), stage.caption(), stage.captionDepth(), fused && !stage.readsCaptions(), graph);
    }

    private static void language(StageShape stage, List<Matmul> matmuls) {
        layers(stage, matmuls, stage.spoken(), stage.spokenTokens(), stage.shapes().config().text().layers(), false, stage.trainsLlm());
    }

    /// @param keysOnly whether of the last layer only keys and values are wanted
    private static void layers(StageShape stage, List<Matmul> matmuls, int texts, int tokens, int depth, boolean keysOnly,
            boolean graph) {
        if (texts == 0) return;
        long rows = (long) texts * tokens;
        for (var shape : stage.shapes().model()) {
            var layer = LAYER.matcher(shape.name());
            if (shape.isVector() || !layer.matches() || Integer.parseInt(layer.group(1)) >= depth) continue;
            boolean last = Integer.parseInt(layer.group(1)) == depth - 1;
            if (last && keysOnly && !KEYS_VALUES.matcher(shape.name()).matches()) continue;
            matmuls.add(matrix(Matmul.Of.LLM, rows, shape, times(graph, graph && stage.trainable().contains(shape))));
        }
        LanguageModelConfig text = stage.shapes().config().text();
        double count = (depth - (keysOnly ? 1 : 0)) * (graph ? 3 : 1) * 0.5;
        addAttention(matmuls, Matmul.Of.LLM, rows, (long) text.heads() * text.headDim(), tokens, count);
    }

    private static void logits(StageShape stage, List<Matmul> matmuls) {
        LanguageModelConfig text = stage.shapes().config().text();
        long rows = (long) stage.spoken() * stage.spokenTokens();
        boolean table = stage.trainable().stream().anyMatch(shape -> shape.name().equals("llm.embed_tokens.weight"));
        if (rows > 0) matmuls.add(new Matmul(Matmul.Of.LLM, rows, text.hidden(), text.vocabulary(), times(stage.trainsLlm(), table)));
    }

    // ---- what looks on

    private static void beside(StageShape stage, List<Matmul> matmuls) {
        for (var shape : stage.shapes().clip()) {
            if (shape.rank() == 2 && !shape.name().contains("embedding"))
                matmuls.add(matrix(Matmul.Of.BESIDE, (long) stage.images() * CLIP_TOKENS, shape, 1));
        }
        var sizes = stage.shapes().autoencoder();
        if (sizes == null) return;
        long side = stage.recipe().side(stage.stage());
        for (var shape : stage.shapes().vae()) {
            if (shape.isVector() || !shape.name().startsWith("encoder.")) continue;
            long level = EncoderLevels.of(shape.name(), sizes.levels());
            long places = (side >> level) * (side >> level);
            matmuls.add(matrix(Matmul.Of.BESIDE, stage.images() * places, shape, 1));
        }
    }

    /// At which level of the encoder a layer works: sides are halved from one to the next.
    private static final class EncoderLevels {
        private static final Pattern DOWN = Pattern.compile("encoder\\.down_blocks\\.(\\d+)\\.(\\w+)\\..*");

        static long of(String name, int levels) {
            var down = DOWN.matcher(name);
            if (down.matches()) return Integer.parseInt(down.group(1)) + (down.group(2).equals("downsamplers") ? 1 : 0);
            return name.startsWith("encoder.conv_in.") ? 0 : levels - 1;
        }
    }
}
