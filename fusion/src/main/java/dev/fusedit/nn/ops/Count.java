package dev.fusedit.nn.ops;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What ops take, by shapes alone: the matmuls that are needed, and the bytes that are kept for the backward pass. What a [CountingOps] adds up.
///
/// Needed are, for y = x · Wᵀ, the product itself, one more where x needs a gradient and one more where W does; what activation checkpointing
/// computes a second time is not. Memory is counted once, however many ops keep it or views of it.
///
/// Tensors here have shapes, and no memory to speak of.
public final class Count {
    /// Products of matrices (rows × in) · (in × out).
    ///
    /// @param times how often: 1 forward, and up to 2 more backward. A causal product is about half of one
    public record Matmul(double rows, double in, double out, double times) {
        /// A multiplication and an addition each.
        public double flops() { return 2 * rows * in * out * times; }
    }

    /// A layer's matmul, or a convolution's, which is one over the places of its output.
    public static Matmul of(double rows, Tensor weight) {
        long out = weight.size(0);
        return new Matmul(rows, (double) weight.numel() / out, out, 1);
    }

    private final Target target;
    private final List<Matmul> matmuls = new ArrayList<>();
    private final Map<Tensor, Object> memories = new IdentityHashMap<>();
    /// Bytes of the memories that there are views of.
    private final Map<Object, Long> wholes = new IdentityHashMap<>();
    private final Map<Object, Long> kept = new IdentityHashMap<>();
    private final Set<Tensor> learning = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean recording;
    private long work;

    Count(Target target) { this.target = target; }

    /// What ops would run on.
    ///
    /// @param compute what matrices are multiplied in
    /// @param kernels whether the one-pass kernels serve there; else libtorch's graph keeps what its derivatives read
    /// @param matmulAttention whether attention is two matmuls and a softmax
    public record Target(DType compute, boolean kernels, boolean matmulAttention) {
        /// Bytes of a number inside norms and of modulations.
        int wide() { return Math.max(DType.F32.bytes(), compute.bytes()); }
    }

    public Target target() { return target; }

    /// All products so far.
    public List<Matmul> matmuls() { return Collections.unmodifiableList(matmuls); }

    public double flops() { return matmuls.stream().mapToDouble(Matmul::flops).sum(); }

    /// Bytes kept for the backward pass so far.
    public long keptBytes() { return kept.values().stream().mapToLong(Long::longValue).sum(); }

    /// The most bytes that one op needs besides, forward and, where it is recorded, backward.
    public long workBytes() { return work; }

    // ---- for ops

    /// A tensor with memory of its own, in the dtype that matrices are multiplied in.
    public Tensor made(long... shape) { return Tensor.scalar(0, target.compute).expand(shape); }

    /// A tensor in f32 (f64 beside f64).
    Tensor madeWide(long... shape) { return Tensor.scalar(0, target.wide() == 8 ? DType.F64 : DType.F32).expand(shape); }

    /// Another shape of the same memory.
    Tensor view(Tensor of, long... shape) {
        var view = Tensor.scalar(0, of.dtype()).expand(shape);
        memories.put(view, memory(of));
        wholes.putIfAbsent(memory(of), bytes(of));
        return view;
    }

    private Object memory(Tensor tensor) { return memories.computeIfAbsent(tensor, _ -> new Object()); }

    /// Marks what a gradient flows to.
    Tensor learn(Tensor value) {
        learning.add(value);
        return value;
    }

    /// Whether a gradient flows to it.
    public boolean learns(@Nullable Tensor read) { return read != null && (learning.contains(read) || read.requiresGrad()); }

    /// @param x what the weight is multiplied with, (…, I)
    void matmul(Tensor x, Tensor weight_OI) {
        long in = weight_OI.size(1);
        add(new Matmul((double) x.numel() / in, in, weight_OI.size(0), 1 + (learns(x) ? 1 : 0) + (learns(weight_OI) ? 1 : 0)));
    }

    void add(Matmul matmul) { matmuls.add(matmul); }

    /// A matmul outside of ops.
    ///
    /// @param back whether its input needs a gradient, if its weight does
    public void add(Tensor weight, double rows, boolean back) {
        var one = of(rows, weight);
        matmuls.add(new Matmul(one.rows(), one.in(), one.out(), !weight.requiresGrad() ? 1 : back ? 3 : 2));
    }

    /// Whether the op that is counted will have a backward.
    boolean isRecorded() { return recording; }

    /// Keeps a whole tensor, if the op is recorded.
    void keep(Tensor tensor) { keepBytes(memory(tensor), bytes(tensor)); }

    /// Keeps the memory that a part lies in.
    void keepWhole(Tensor part, long bytes) { keepBytes(memory(part), bytes); }

    /// Keeps a part, and with it the whole that it is a [#view] of.
    void keepWithWhole(@Nullable Tensor part) {
        if (part != null) keepBytes(memory(part), wholes.getOrDefault(memory(part), bytes(part)));
    }

    /// Keeps so many bytes of its own.
    void keepOwn(long bytes) { keepBytes(new Object(), bytes); }

    private void keepBytes(Object memory, long bytes) {
        if (recording) {
            kept.merge(memory, bytes, Math::max);
        }
    }

    /// Needs so many bytes for a while.
    void needs(long bytes) { work = Math.max(work, bytes); }

    static long bytes(Tensor tensor) { return tensor.numel() * tensor.dtype().bytes(); }

    <R extends TensorRecord<R>> R run(Op<R> op) {
        return TensorScope.scoped(() -> {
            recording = op.reads().anyMatch(this::learns);
            R made = op.counted(this);
            if (recording) {
                made.tensors().forEach(this::learn);
            }
            return made;
        });
    }

}
