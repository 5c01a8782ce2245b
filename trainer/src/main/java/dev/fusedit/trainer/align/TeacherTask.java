package dev.fusedit.trainer.align;

import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.recipe.TeacherRecipe;

/// What a vision encoder learns by.
public sealed interface TeacherTask permits HiddenPatches, ImageCaptions {
    /// @param weights of the task's heads, which are of no use later
    /// @param vocabulary of the captions
    static TeacherTask of(TeacherRecipe.Task recipe, DinoModel model, int vocabulary, Weights weights) {
        return switch (recipe) {
            case TeacherRecipe.Task.HiddenPatches(var hidden, var view) -> HiddenPatches.of(model, hidden, view, weights);
            case TeacherRecipe.Task.Captions captions -> ImageCaptions.of(model, captions, vocabulary, weights);
        };
    }

    /// Of its loss, in logs: `captions`, `hidden_patches`.
    String name();

    /// One number, with its graph.
    ///
    /// @param images_BCHW the batch's, in −1 to 1
    /// @param seed of the step
    Tensor loss(Tensor images_BCHW, Batch batch, Seed seed);
}
