package dev.fusedit.trainer.model;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.TensorInfo;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.torch.io.TensorView;
import java.util.function.Function;

/// A file's tensors as a run that reads them holds them: whoever computes in another dtype has the run's values, not finer ones.
///
/// @param dtypes that the run keeps a tensor in
record RoundedTensors(TensorSource file, Function<TensorInfo, DType> dtypes) implements TensorView {
    @Override
    public Tensor read(String name) { return TensorScope.scoped(() -> file.read(name).to(dtypes.apply(file.info(name)))); }
}
