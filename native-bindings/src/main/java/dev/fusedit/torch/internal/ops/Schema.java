package dev.fusedit.torch.internal.ops;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// An operator's signature as libtorch prints it.
///
/// @param name with its namespace, such as `aten::mul`
/// @param overload such as `Tensor`, often empty
public record Schema(String name, String overload, List<Argument> arguments, List<Type> returns) {
    /// @param keywordOnly behind the `*` of the signature
    /// @param defaultText as printed (`1`, `0.5`, `None`, `[0, 0]`, `"linear"`, `True`); null if the argument must be given
    public record Argument(String name, Type type, boolean keywordOnly, @Nullable String defaultText) {
        @Override
        public String toString() { return type + " " + name + (defaultText == null ? "" : "=" + defaultText); }
    }

    public sealed interface Type {
        /// True if libtorch's C ABI can carry a value of this type.
        boolean encodable();
    }

    public record Plain(Kind kind) implements Type {
        @Override
        public boolean encodable() { return kind.encodable; }

        @Override
        public String toString() { return kind.text; }
    }

    public record Maybe(Type of) implements Type {
        @Override
        public boolean encodable() { return of.encodable(); }

        @Override
        public String toString() { return of + "?"; }
    }

    /// A list; with a fixed length, one value stands for all (`int[2] stride=1`).
    public record ListOf(Type of, int length) implements Type {
        @Override
        public boolean encodable() { return of.encodable(); }

        @Override
        public String toString() { return of + "[" + (length == 0 ? "" : length) + "]"; }
    }

    /// What the C ABI (torch/csrc/stable) can convert, and what it cannot.
    public enum Kind {
        TENSOR("Tensor", true), INT("int", true), FLOAT("float", true), BOOL("bool", true), STRING("str", true), DTYPE("ScalarType", true),
        LAYOUT("Layout", true), MEMORY_FORMAT("MemoryFormat", true), DEVICE("Device", true), SCALAR("Scalar", false),
        GENERATOR("Generator", false), OTHER("other", false);

        private final String text;
        private final boolean encodable;

        Kind(String text, boolean encodable) {
            this.text = text;
            this.encodable = encodable;
        }

        static Kind named(String text) {
            for (var kind : values()) {
                if (kind.text.equals(text)) {
                    return kind;
                }
            }
            return text.equals("SymInt") ? INT : OTHER; // a symbolic int is an int to everybody outside a tracer
        }
    }

    /// True if every argument and every result fits the C ABI; an optional one that is left out always fits.
    public boolean encodable() {
        return arguments.stream().allMatch(argument -> argument.type().encodable()) && returns.stream().allMatch(Type::encodable);
    }

    /// `aten::mul.Tensor`, or `aten::neg` without an overload.
    public String fullName() { return overload.isEmpty() ? name : name + "." + overload; }

    @Override
    public String toString() {
        return fullName() + String.join(", ", arguments.stream().map(Argument::toString).toList()).transform(text -> "(" + text + ")");
    }
}
