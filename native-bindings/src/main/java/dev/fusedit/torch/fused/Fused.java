package dev.fusedit.torch.fused;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.HostReads;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import dev.fusedit.torch.internal.abi.ReadSection;
import dev.fusedit.torch.internal.vector.Rows;
import java.util.function.Supplier;

/// Whether the one-pass kernels can be used.
public final class Fused {
    private static final boolean IN_REACH = !Boolean.getBoolean("fusedit.unfused") && VectorModule.load() && Rows.areWide();
    /// A kernel runs on the thread that calls it, libtorch's ops are spread over all: with more threads than these, which a batch's parts have not
    /// taken ([dev.fusedit.torch.Lanes]), libtorch's are the faster ones.
    ///
    /// On one thread libtorch's ops with autograd take 4.3 times as long as one pass for a modulated RMS norm, 4.4 to 5.0 for heads normed and rotated,
    /// and 2.0 for a GELU times a gate, f32 and bf16 (`docs/lab.md`, 2026-11-25; AMD EPYC with AVX-512). If they were spread without loss, they
    /// would draw level at 2 threads for the gate and at 4 to 5 for the rest. They are not, since each is a dozen ops that wait for their last thread
    /// and share one memory; so 4. It is a ratio of two programs on the same core, which changes little from one CPU to another, and a constant,
    /// since a choice by timing would change bits from run to run.
    public static final int MOST_THREADS = 4;

    private Fused() {}

    /// Whether the Vector API is there, with vectors that are wide enough to carry kernels.
    public static boolean areVectorsInReach() { return IN_REACH; }

    /// On the CPU, in f32 and bf16, where the Vector API is there, its vectors are wide enough and the threads are few; whatever autograd needs. Not where
    /// Java is to read no tensor's memory ([HostReads]).
    public static boolean serves(Tensor like) {
        var dtype = like.dtype();
        return IN_REACH && (dtype == DType.F32 || dtype == DType.BF16) && like.device().isCpu() && Libtorch.threads() <= MOST_THREADS
                && !HostReads.areForbidden();
    }

    /// A kernel over memory, in a scope of its own: of what it makes only the result stays, and no other thread frees its operands before it has ended.
    static <T extends Tensors> T kernel(Supplier<T> body) {
        try (var _ = ReadSection.enter()) {
            return TensorScope.scoped(body);
        }
    }

    /// The tensor's memory as rows of this width. It is contiguous, or a part of the last dimension of one that is. In a [ReadSection], which ends
    /// after the last look at the rows.
    static Rows rows(Tensor tensor, long width) {
        checkArgument(tensor.dtype() == DType.F32 || tensor.dtype() == DType.BF16, "rows are f32 or bf16, got %s", tensor);
        checkArgument(tensor.numel() % width == 0, "no rows of %s in %s", width, tensor);
        return Rows.of(tensor.dataAddress(), tensor.dtype() == DType.BF16, Math.toIntExact(tensor.numel() / width), Math.toIntExact(width),
                tensor.isContiguous() ? width : stride(tensor, width));
    }

    private static long stride(Tensor tensor, long width) {
        checkArgument(isPart(tensor) && tensor.size(-1) == width, "rows that are not equally far apart: %s", tensor);
        return tensor.strides()[tensor.rank() - 2];
    }

    private static boolean isPart(Tensor tensor) {
        var shape = tensor.shape();
        var strides = tensor.strides();
        boolean part = shape.length >= 2 && strides[shape.length - 1] == 1;
        for (int i = shape.length - 3; part && i >= 0; i--) {
            part = strides[i] == strides[i + 1] * shape[i + 1];
        }
        return part;
    }

    /// The tensor if it is laid out as [#rows] takes it, else a contiguous copy.
    static Tensor laidOut(Tensor tensor) { return isPart(tensor) ? tensor : tensor.contiguous(); }

    static Tensor like(Tensor tensor) { return Tensor.empty(tensor.dtype(), tensor.shape()); }
}
