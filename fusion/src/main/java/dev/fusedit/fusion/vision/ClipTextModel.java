package dev.fusedit.fusion.vision;

import dev.fusedit.nn.ops.Count;
import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.LayerNorm;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import dev.fusedit.torch.io.TensorSource;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// CLIP's text side with its projection (Radford et al. 2021, "Learning transferable visual models from natural language supervision";
/// transformers' `CLIPTextModelWithProjection` and its names of weights).
///
/// Notable: attention is causal, so the state of the first end token is that of the text alone, whatever stands behind it; positions are
/// learned. Which token is the end follows the configuration: where it says 2, the one of the highest id (the end token is the
/// vocabulary's last), else the first of that id. Without one, the first token.
public record ClipTextModel(ClipTextConfig config, Tensor tokens_VC, Tensor positions_TC, List<ClipLayer> layers, LayerNorm norm,
        Linear projection) {
    private static final double INIT_RANGE = 0.02;

    /// Far below any score in f32 and in bf16, but not infinity, which f32's least number would become in bf16: a row may see nothing.
    private static final float UNSEEN = -1e30f;

    /// The matmuls of one text with the layers' weights, for a plan.
    public List<Count.Matmul> matmuls(long tokens) {
        return Stream.concat(layers.stream().flatMap(layer -> layer.matmuls(tokens)), Stream.of(Count.of(1, projection.weight_OI())))
                .toList();
    }

    /// @param last_BTC normed states of all tokens
    /// @param pooled_BC the state that stands for the text
    /// @param embeds_BO the projected one, not normalised
    public record Output(Tensor last_BTC, Tensor pooled_BC, Tensor embeds_BO) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return Stream.of(last_BTC, pooled_BC, embeds_BO); }
    }

    public static ClipTextModel of(ClipTextConfig config, Weights weights) {
        var init = Init.normal(INIT_RANGE);
        var text = weights.in("text_model");
        return new ClipTextModel(config,
                text.in("embeddings.token_embedding").get("weight", init, config.vocabulary(), config.hidden()),
                text.in("embeddings.position_embedding").get("weight", init, config.maxTokens(), config.hidden()),
                IntStream.range(0, config.layers()).mapToObj(i -> layer(config, init, text.in("encoder.layers." + i))).toList(),
                LayerNorm.of(text.in("final_layer_norm"), config.hidden(), config.normEps()),
                Linear.of(weights.in("text_projection"), init, config.hidden(), config.projection(), false));
    }

    private static ClipLayer layer(ClipTextConfig config, Init init, Weights weights) {
        return ClipLayer.of(config.hidden(), config.intermediate(), config.heads(), config.normEps(), config.activation(), init, weights);
    }

    /// A file without the table of whole numbers 0, 1, … that older ones have, and without a whole CLIP's image side.
    public static TensorSource named(TensorSource file) {
        return RenamedTensors.of(file, name -> name.startsWith("text_") && !name.endsWith(".position_ids") ? name : null);
    }

    /// Rows of equal length, padded behind the end token.
    public Output forward(long[][] ids_BT) { return forward(ids_BT, null, ForwardHooks.NONE); }

    /// @param mask_BT 1 at real tokens, for comparisons with models that mask padding; null to mask nothing. The pooled state is the same
    /// @param hooks see `hidden_states.i`: the embeddings, then each layer's output
    public Output forward(long[][] ids_BT, long @Nullable [][] mask_BT, ForwardHooks hooks) {
        var count = ids_BT[0].length;
        checkArgument(Arrays.stream(ids_BT).allMatch(row -> row.length == count), "rows of ids are of different lengths");
        checkArgument(count > 0 && count <= config.maxTokens(), "CLIP reads 1 to %s tokens, got %s", config.maxTokens(), count);
        return TensorScope.scoped(() -> {
            var x = embed(ids_BT);
            var sight = mask_BT == null ? new ClipLayer.Sight.Causal() : new ClipLayer.Sight.Masked(bias(mask_BT, x));
            hooks.see("hidden_states.0", x);
            for (int i = 0; i < layers.size(); i++) {
                x = layers.get(i).forward(x, sight);
                hooks.see("hidden_states." + (i + 1), x);
            }
            var last = norm.apply(x);
            var pooled = pooled(last, ids_BT);
            return new Output(last, pooled, projection.apply(pooled));
        });
    }

    private Tensor embed(long[][] ids_BT) {
        return TensorScope.scoped(() -> {
            var ids = Tensor.of(Arrays.stream(ids_BT).flatMapToLong(Arrays::stream).toArray(), ids_BT.length, ids_BT[0].length);
            return tokens_VC.embedding(ids.to(tokens_VC.device())).add(positions_TC.narrow(0, 0, ids_BT[0].length));
        });
    }

    private static Tensor bias(long[][] mask_BT, Tensor x) {
        int rows = mask_BT.length, count = mask_BT[0].length;
        var bias = new float[rows * count * count];
        for (int i = 0; i < bias.length; i++) {
            int row = i / (count * count), query = i / count % count, key = i % count;
            bias[i] = key <= query && mask_BT[row][key] != 0 ? 0 : UNSEEN;
        }
        return TensorScope.scoped(() -> Tensor.of(bias, rows, 1, count, count).to(x.device()).to(x.dtype()));
    }

    private Tensor pooled(Tensor last_BTC, long[][] ids_BT) {
        return TensorScope.scoped(() -> {
            var count = last_BTC.size(1);
            var places = IntStream.range(0, ids_BT.length).mapToLong(b -> b * count + poolPosition(ids_BT[b])).toArray();
            return last_BTC.flatten(0, 1).indexSelect(0, Tensor.of(places, places.length).to(last_BTC.device()));
        });
    }

    /// Where the state that stands for the text is.
    public int poolPosition(long[] ids) {
        var end = config.eosId() == ClipTextConfig.LEGACY_EOS ? Arrays.stream(ids).max().orElseThrow() : config.eosId();
        return IntStream.range(0, ids.length).filter(i -> ids[i] == end).findFirst().orElse(0);
    }
}
