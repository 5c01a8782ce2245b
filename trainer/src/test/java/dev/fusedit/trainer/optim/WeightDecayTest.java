package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.recipe.OptimizerRecipe;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class WeightDecayTest {
    @ParameterizedTest
    @CsvSource({"dit.layers.0.self_attn.q_proj.weight, 2, true", "dit.patch_embed.proj.weight, 4, true",
        "dit.patch_embed.proj.bias, 1, false",
        "llm.layers.0.input_layernorm.weight, 1, false", "llm.embed_tokens.weight, 2, false",
        "embeddings.patch_embeddings.projection.weight, 4, true", "embeddings.position_embeddings, 3, false",
        "embeddings.cls_token, 3, false", "embeddings.mask_token, 2, false", "embeddings.register_tokens, 3, false",
        "task.words.weight, 2, false", "task.text.weight, 2, true"})
    void matricesAreNeitherVectorsNorEmbeddings(String name, int rank, boolean decays) {
        try (var _ = TensorScope.open()) {
            var shape = new long[rank];
            java.util.Arrays.fill(shape, 2);
            var weight = Tensor.zeros(DType.F32, shape);
            var parameter = new Parameter(name, weight, weight);
            assertThat(WeightDecay.decays(OptimizerRecipe.Decay.MATRICES, parameter)).isEqualTo(decays);
            assertThat(WeightDecay.decays(OptimizerRecipe.Decay.ALL, parameter)).isTrue();
        }
    }
}
