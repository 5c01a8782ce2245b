package dev.fusedit.nn;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.Elements;
import dev.fusedit.torch.io.TensorSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// Where a parameter's first values come from: a seed, or a file.
sealed interface WeightSource {
    Tensor make(String name, Init init, long[] shape);

    /// New values. Each parameter has a seed of its own, by name: another layer more or less changes no other parameter.
    record Drawn(Seed seed) implements WeightSource {
        @Override
        public Tensor make(String name, Init init, long[] shape) { return init.draw(seed.derive(name), shape); }
    }

    /// Shapes alone: one 0 each, seen as the whole tensor.
    record Shapes() implements WeightSource {
        @Override
        public Tensor make(String name, Init init, long[] shape) { return Tensor.scalar(0, DType.F32).expand(shape); }
    }

    /// The values of other weights, in their memory.
    record Replicated(Map<String, Parameter> parameters, Map<String, Tensor> buffers, Map<String, Tensor> whole) implements WeightSource {
        @Override
        public Tensor make(String name, Init init, long[] shape) { throw new IllegalStateException(name + " is a replica's"); }

        Parameter parameter(String name) { return require(parameters, name); }

        Tensor buffer(String name) { return require(buffers, name); }

        Tensor joined(String name) { return require(whole, name); }

        private static <T> T require(Map<String, T> all, String name) {
            return Objects.requireNonNull(all.get(name), () -> "the original has no " + name);
        }
    }

    /// Values of a file. What does not fit is collected, so that one message tells all of it.
    record Stored(TensorSource file, List<String> missing, List<String> misshapen, List<String> complex, List<String> unloadable,
            Set<String> remedies) implements WeightSource {
        private static final int SHOWN = 10;

        Stored(TensorSource file) {
            this(RenamedTensors.unwrapped(file), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(),
                    new LinkedHashSet<>());
        }

        @Override
        public Tensor make(String name, Init init, long[] shape) {
            return fits(name, shape) ? file.read(name) : Tensor.zeros(DType.F32, 0); // then the model will be refused
        }

        /// Whether the file has this tensor, in this shape, and stored so that it can be read; if not, that is told later.
        boolean fits(String name, long[] shape) {
            var info = file.tensors().get(name);
            if (info == null) {
                missing.add(name);
                return false;
            }
            if (!Arrays.equals(info.shape(), shape)) {
                misshapen.add("%s is %s, not %s".formatted(name, Arrays.toString(info.shape()), Arrays.toString(shape)));
                return false;
            }
            return switch (info.elements()) {
                case Elements.Loadable(var dtype, var type) -> {
                    if (dtype.isComplex()) complex.add("%s is %s".formatted(name, type));
                    yield !dtype.isComplex();
                }
                case Elements.Unloadable(var type, var remedy) -> {
                    unloadable.add("%s is %s".formatted(name, type));
                    remedies.add(remedy);
                    yield false;
                }
            };
        }

        /// @throws UserError that lists all that does not fit
        void requireComplete(Set<String> known) {
            file.requireWhole();
            var extra = file.names().stream().filter(name -> !known.contains(name)).toList();
            var problems = new ArrayList<String>();
            tell("missing", missing, problems);
            tell("not of this model", extra, problems);
            tell("of another shape", misshapen, problems);
            tell("stored in a way that is listed, but not loaded", unloadable, problems);
            tell("complex, where weights are real", complex, problems);
            if (!problems.isEmpty()) {
                var remedy = remedies.isEmpty() ? "" : ". To load it, " + String.join("; or ", remedies);
                throw new UserError("%s does not fit the model: %s%s".formatted(file.path(), String.join("; ", problems), remedy));
            }
        }

        private static void tell(String what, List<String> names, List<String> problems) {
            if (!names.isEmpty()) {
                var more = names.size() > SHOWN ? ", and %d more".formatted(names.size() - SHOWN) : "";
                problems.add("%d %s (%s%s)".formatted(names.size(), what,
                        String.join(", ", names.subList(0, Math.min(SHOWN, names.size()))), more));
            }
        }
    }
}
