package dev.fusedit.torch;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Any operator of libtorch by its schema name, for what [Tensor] has no method for.
///
///     Torch.call("aten::topk", "", x, 5).tensor(1)                                    // indices
///     Torch.call("aten::upsample_nearest1d", "", x, new long[] {8}).tensor()
///     Torch.call("aten::addmm", "", bias, a, b, Torch.named("alpha", 0.5)).tensor()
///
/// Arguments come in the schema's order, then named ones; what is left out takes the schema's default. Java values: [Tensor], `long` and
/// `int`, `double`, `boolean`, `String`, [DType], [Device] (or its text), arrays and lists of them, null for an optional that is
/// none; a memory format is `"contiguous"`, `"preserve"` or `"channels_last"`. One number stands for all of a fixed-length list.
///
/// Operators with a `Scalar` cannot be called through libtorch's C ABI: where an overload with a Tensor in its place means the same
/// ([NumberRole]), that one is called with a tensor that changes no dtype; else the call goes through JavaCPP (slower, some microseconds),
/// which works on the presets' libtorch only. An `out` of another dtype than the result is converted to where libtorch may refuse it.
///
/// Shapes, dtypes and indices are checked by libtorch, and what it leaves unchecked is not checked here: arguments named `unsafe`, or labels of
/// `ctc_loss` out of range, may end the process, as they do in Python.
///
/// A conjugate or a negative that libtorch leaves to be computed later (`conj`) is computed: it is a copy, not a view.
public final class Torch {
    private Torch() {}

    /// @param name with or without its namespace: `aten::mul`, `mul`
    /// @param overload as in the schema, empty if it has none
    /// @throws IllegalArgumentException for an unknown operator (with similar names), a missing or a superfluous argument, or one of a
    ///         wrong type; the message names it and shows the schema
    /// @throws TorchException if libtorch refuses the call
    /// @throws LibtorchUnavailable if only JavaCPP could make the call, and the libtorch is not the presets'
    public static Results call(String name, String overload, @Nullable Object... arguments) {
        return GenericCall.find(name, overload).call(arguments);
    }

    /// An argument by its name in the schema.
    public static Named named(String name, @Nullable Object value) { return new Named(name, value); }

    /// The signature of an operator, for reading: `aten::topk(Tensor self, int k, int dim=-1, …)`.
    public static String schema(String name, String overload) { return GenericCall.find(name, overload).toString(); }

    public record Named(String name, @Nullable Object value) {}

    /// What an operator returned, in the schema's order: [Tensor] (null for an undefined one), `List<Tensor>`, Long, Double, Boolean.
    public record Results(List<@Nullable Object> values) implements Tensors {
        /// The only tensor, or the first one.
        public Tensor tensor() { return tensor(0); }

        public Tensor tensor(int index) { return (Tensor) Objects.requireNonNull(values.get(index), "the op returned no tensor here"); }

        /// The list of tensors that the operator returned.
        @SuppressWarnings("unchecked")
        public List<Tensor> list() { return (List<Tensor>) Objects.requireNonNull(values.getFirst()); }

        public long asLong() { return ((Number) Objects.requireNonNull(values.getFirst())).longValue(); }

        public double asDouble() { return ((Number) Objects.requireNonNull(values.getFirst())).doubleValue(); }

        public boolean asBoolean() { return (Boolean) Objects.requireNonNull(values.getFirst()); }

        @Override
        public Stream<Tensor> tensors() {
            return values.stream().flatMap(value -> value instanceof List<?> list ? list.stream() : Stream.ofNullable(value))
                    .filter(Tensor.class::isInstance).map(Tensor.class::cast);
        }
    }
}
