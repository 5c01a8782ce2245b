package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.model.SavedModel;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.SuiteName;
import java.io.IOException;
import java.nio.file.Path;

/// A way to measure a model, or images.
public sealed interface Suite {
    SuiteName name();

    /// By images for prompts, which may also be another program's.
    non-sealed interface OfImages extends Suite {
        ImmutableList<ImageSet> wanted();

        /// Whether its images are judged by the pixels of Blocks, which takes squares of a multiple of 32.
        default boolean isOfBlocks() { return false; }

        /// Writes what other programs need beside the images; called when all are there, before they are judged.
        ///
        /// @param folder of the evaluation
        default void write(Path folder, SuiteImages images) throws IOException {}

        /// @param images of [#wanted]
        SuiteReport judge(SuiteImages images);
    }

    /// By what the model itself computes, without a sampled image.
    non-sealed interface OfModel extends Suite {
        /// Images that go through the model for it, at most.
        int forwards();

        /// @throws dev.fusedit.torch.UserError if a model that was trained by this recipe cannot be measured as is asked
        void require(Recipe recipe);

        /// @param model stays its owner's
        SuiteReport measure(SavedModel.Loaded model);
    }
}
