package dev.fusedit.trainer.plan;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.trainer.model.TextConfigs;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Recipe;

/// What a training process needs before it has any tensor.
///
/// libtorch's part is measured where this process loads it, since it is another one for each build (other kernels, another BLAS, CUDA). The
/// rest comes while training goes on, so that it can only be told from a run: Java's heap of 64 MiB, its classes and compiled code (153 MiB
/// together by the JVM's own account), its files and threads, the buffers of the BLAS, and the kernels that oneDNN generates.
final class ProcessMemory {
    /// As measured in runs of several minutes.
    private static final long REST = 265L << 20;
    /// libtorch 2.13 of the presets, where the system does not tell.
    private static final long USUAL_LIBTORCH = 115L << 20;

    /// Of a published tokenizer, for each of its tokens, in the library that runs it: measured with Gemma 3's (136 MiB for 262,144).
    private static final long TOKEN = 545;

    private ProcessMemory() {}

    /// The same at each call in a process, but for what the recipe's tokenizer takes.
    static long bytes(Recipe recipe) {
        return bytes() + switch (recipe.model().llm()) {
            case LanguageModelRecipe.Custom _ -> 0;
            case LanguageModelRecipe.Pretrained _ -> TOKEN * TextConfigs.whole(recipe).map(LanguageModelConfig::vocabulary).orElse(0);
        };
    }

    /// With a tokenizer of no size to speak of.
    static long bytes() { return REST + libtorch(); }

    private static long libtorch() {
        try {
            long measured = Libtorch.residentBytes();
            return measured > 0 ? measured : USUAL_LIBTORCH;
        } catch (LibtorchUnavailable e) {
            return USUAL_LIBTORCH; // a plan needs none
        }
    }
}
