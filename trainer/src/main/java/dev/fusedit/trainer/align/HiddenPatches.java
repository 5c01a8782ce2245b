package dev.fusedit.trainer.align;

import dev.fusedit.fusion.vision.DinoModel;
import dev.fusedit.nn.ForwardHooks;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Linear;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;
import dev.fusedit.trainer.data.Batch;

/// How an encoder learns to see without labels: some patches are hidden by the mask token, and each patch's state is to tell, by one linear
/// layer, the pixels around it (SimMIM: Xie et al. 2022, arXiv 2111.09886, whose pixels are the patch's own):
///
///     L = mean over patches n of |head(h_n) − view_n|²
///
/// To tell pixels that it doesn't see, a patch must know which object it belongs to, and what that one's outline is. The view of a patch
/// that is shown counts too: its features are what is used later.
///
/// @param view side of what is told, in pixels
record HiddenPatches(DinoModel model, Linear head, double hidden, int view) implements TeacherTask {
    /// Beyond the image's border all is dark.
    private static final double BEYOND = -1;

    /// @param weights of the head, which is of no use later
    static HiddenPatches of(DinoModel model, double hidden, int view, Weights weights) {
        return new HiddenPatches(model, Linear.of(weights, Init.XAVIER, model.config().hidden(), 3L * view * view, true), hidden, view);
    }

    @Override
    public String name() { return "hidden_patches"; }

    @Override
    public Tensor loss(Tensor images_BCHW, Batch batch, Seed seed) {
        return TensorScope.scoped(() -> {
            var views_BNV = views(images_BCHW);
            var hidden_BN = Tensor.rand(seed, DType.F32, views_BNV.size(0), views_BNV.size(1)).lt(hidden);
            return head.apply(model.places(model.forward(images_BCHW, hidden_BN, ForwardHooks.NONE))).mseLoss(views_BNV);
        });
    }

    /// The pixels around each patch's middle, (B, N, 3 · view²).
    Tensor views(Tensor images_BCHW) {
        int patch = model.config().patch();
        int before = (view - patch) / 2, after = view - patch - before;
        return TensorScope.scoped(() -> Torch.call("aten::im2col", "", images_BCHW.pad(BEYOND, before, after, before, after),
                new long[] {view, view}, new long[] {1, 1}, new long[] {0, 0}, new long[] {patch, patch}).tensor().transpose(1, 2)
                .contiguous());
    }
}
