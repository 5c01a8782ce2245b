package dev.fusedit.fusion.llm;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.nn.Activation;
import java.util.Map;
import java.util.Optional;

/// Sizes of published language models by their names on Hugging Face, so that one can be planned with before any file of it is there.
///
/// Of a model that also sees (PaliGemma) this is the text side.
public final class KnownLanguageModels {
    private static final ImmutableMap<String, LanguageModelConfig> KNOWN = ImmutableMap.<String, LanguageModelConfig>builder()
            .put("google/gemma-2b", gemma(256_000))
            .put("google/gemma-2b-it", gemma(256_000))
            .put("google/paligemma-3b-pt-448", gemma(257_216))
            .put("google/gemma-2-2b", gemma2())
            .put("google/gemma-2-2b-it", gemma2())
            .put("google/gemma-3-270m", gemma3())
            .put("google/gemma-3-270m-it", gemma3())
            .put("meta-llama/Llama-3.2-1B", llama3())
            .put("Qwen/Qwen3-0.6B", qwen3())
            .buildOrThrow();

    private KnownLanguageModels() {}

    public static Optional<LanguageModelConfig> find(String name) { return Optional.ofNullable(KNOWN.get(name)); }

    /// The first name of a model of these sizes.
    public static Optional<String> nameOf(LanguageModelConfig config) {
        return KNOWN.entrySet().stream().filter(known -> hasSizesOf(known.getValue(), config)).map(Map.Entry::getKey).findFirst();
    }

    private static boolean hasSizesOf(LanguageModelConfig a, LanguageModelConfig b) {
        return a.vocabulary() == b.vocabulary() && a.hidden() == b.hidden() && a.intermediate() == b.intermediate()
                && a.layers() == b.layers()
                && a.heads() == b.heads() && a.kvHeads() == b.kvHeads() && a.headDim() == b.headDim();
    }

    public static ImmutableSet<String> names() { return KNOWN.keySet(); }

    /// Gemma 2B (arXiv 2403.08295, table 1). PaliGemma's has 1216 tokens more, for places and shapes (arXiv 2407.07726, section 3.1).
    private static LanguageModelConfig gemma(int vocabulary) { return LanguageModelConfig.gemma(vocabulary, 2048, 16_384, 18, 8, 1, 256); }

    /// Gemma 2 2B (arXiv 2408.00118, table 1).
    private static LanguageModelConfig gemma2() {
        return new LanguageModelConfig(Family.Gemma2.usual(256, 26), 256_000, 2304, 9216, 26, 8, 4, 256, 10_000, RopeScaling.NONE, 1e-6,
                0.02, false, Activation.GELU_TANH, true, 0, false);
    }

    /// Gemma 3 270M.
    private static LanguageModelConfig gemma3() {
        return new LanguageModelConfig(Family.Gemma3.usual(256, 18), 262_144, 640, 2048, 18, 4, 1, 256, 1_000_000, RopeScaling.NONE, 1e-6,
                0.02, false, Activation.GELU_TANH, true, 0, false);
    }

    /// Llama 3.2 1B.
    private static LanguageModelConfig llama3() {
        return new LanguageModelConfig(new Family.Llama(false), 128_256, 2048, 8192, 16, 32, 8, 64, 500_000,
                new RopeScaling.Llama3(32, 1, 4, 8192), 1e-5, 0.02, false, Activation.SILU, true, 0, false);
    }

    /// Qwen 3 0.6B (arXiv 2505.09388, table 1).
    private static LanguageModelConfig qwen3() {
        return new LanguageModelConfig(new Family.Qwen3(Windows.NONE), 151_936, 1024, 3072, 28, 16, 8, 128, 1_000_000, RopeScaling.NONE,
                1e-6, 0.02, false, Activation.SILU, true, 0, false);
    }
}
