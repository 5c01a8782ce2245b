package dev.fusedit.torch.javacpp;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.ReadSection;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/// Tensors to and from JavaCPP's `org.bytedeco.pytorch`, without a copy of their elements.
///
/// Either way makes a second reference to the same `at::TensorImpl`, as `y = x` does in Python: elements, shape, gradient and graph are
/// shared, and in-place changes show on both sides. Each side then closes its own reference, in any order; the storage lives
/// until the last one is gone. Ours belongs to the innermost open [TensorScope]; JavaCPP's belongs to the caller, who
/// closes it (`close()` or a `PointerScope`), because JavaCPP's collection by the garbage collector is switched off here.
///
/// The first use loads JavaCPP's JNI library of PyTorch (about half a second). It fits the presets' libtorch only.
public final class JavaCppTensors {
    private JavaCppTensors() {}

    /// A new reference for JavaCPP, which the caller closes.
    ///
    /// @throws IllegalStateException if the tensor is closed
    /// @throws dev.fusedit.torch.LibtorchUnavailable if the process holds another libtorch than the presets'
    public static org.bytedeco.pytorch.Tensor toJavaCpp(Tensor tensor) {
        TorchJni.load();
        try (var _ = ReadSection.enter()) {
            return new org.bytedeco.pytorch.Tensor(new org.bytedeco.pytorch.Tensor(new Borrowed(tensor.borrowHandle())));
        }
    }

    /// A new reference for us, owned by the innermost open scope. JavaCPP's stays the caller's to close. A conjugate or a negative that
    /// libtorch has not computed yet is computed: ours is always what its memory says.
    ///
    /// @throws IllegalArgumentException if JavaCPP's tensor is closed or undefined
    /// @throws dev.fusedit.torch.LibtorchUnavailable if the process holds another libtorch than the presets'
    public static Tensor fromJavaCpp(org.bytedeco.pytorch.Tensor tensor) {
        TorchJni.load();
        if (tensor.isNull() || !tensor.defined()) {
            throw new IllegalArgumentException("JavaCPP's tensor is closed or undefined");
        }
        if (!tensor.is_conj() && !tensor.is_neg()) {
            return Tensor.adoptHandle(Handles.copy(tensor.address()));
        }
        try (var _ = new PointerScope()) {
            return Tensor.adoptHandle(Handles.copy(tensor.resolve_conj().resolve_neg().address()));
        }
    }

    /// A pointer without a deallocator: nothing happens when it is closed or collected.
    private static final class Borrowed extends Pointer {
        Borrowed(long address) { this.address = address; }
    }
}
