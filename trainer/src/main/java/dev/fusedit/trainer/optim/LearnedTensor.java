package dev.fusedit.trainer.optim;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;

/// One weight while it learns: the tensor that the model reads, the f32 master that the optimizer changes (the same tensor where the model
/// reads f32), and AdamW's moments. All but the model's tensor belong to the scope given.
///
/// @param model what layers read; a leaf that collects the gradient
public record LearnedTensor(String name, Tensor model, Tensor master, Tensor firstMoment, Tensor secondMoment) {
    static LearnedTensor of(String name, Tensor model, TensorScope owner) {
        try (var _ = TensorScope.open()) {
            var shape = model.shape();
            var master = model.dtype() == DType.BF16 || model.dtype() == DType.F16 ? owner.hold(model.detach().to(DType.F32)) : model;
            return new LearnedTensor(name, model, master, owner.hold(Tensor.zeros(master.dtype(), model.device(), shape)),
                    owner.hold(Tensor.zeros(master.dtype(), model.device(), shape)));
        }
    }

    /// True if the model reads a rounded copy of the master.
    boolean isCopied() { return model != master; }
}
