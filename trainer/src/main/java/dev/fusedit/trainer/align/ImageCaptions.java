package dev.fusedit.trainer.align;

import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.Batch;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import java.util.Arrays;
import java.util.Objects;

/// How an encoder learns to see from captions: the mean of an image's patches and the mean of its caption's words, both learned, are
/// compared as [ContrastiveLoss] does (CLIP, arXiv 2103.00020, or SigLIP, arXiv 2303.15343, with a bag of words for a text encoder). As the
/// mean over patches is all that is compared, what a caption names is told by the patches that show it.
///
/// @param words_VW one a word
record ImageCaptions(DinoModel model, Tensor words_VW, ContrastiveLoss contrast) implements TeacherTask {
    static ImageCaptions of(DinoModel model, TeacherRecipe.Task.Captions task, int vocabulary, Weights weights) {
        var recipe =
                new Losses.Contrastive(1, task.comparison(), model.config().layers(), task.width(), 1, 100, Losses.Negatives.GLOBAL, true);
        return new ImageCaptions(model, weights.in("words").get("weight", Init.normal(1), vocabulary, task.width()),
                new ContrastiveLoss(recipe, ContrastiveLoss.Heads.of(recipe, model.config().hidden(), task.width(), weights)));
    }

    @Override
    public String name() { return "captions"; }

    @Override
    public Tensor loss(Tensor images_BCHW, Batch batch, Seed seed) {
        return TensorScope.scoped(() -> {
            var prompt = Prompt.of(batch.captionTokens());
            var words_BTW = words_VW.embedding(prompt.ids(Device.CPU));
            var all = new boolean[prompt.batch()];
            Arrays.fill(all, true);
            return Objects.requireNonNull(contrast.of(contrast.embed(model.places(model.forward(images_BCHW)), words_BTW,
                    prompt.lengths_B(), batch.captions(), all)));
        });
    }
}
