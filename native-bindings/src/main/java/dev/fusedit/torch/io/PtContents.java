package dev.fusedit.torch.io;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The tensors and other values of a nested object by dotted names: `optimizer.state.0.exp_avg`.
record PtContents(Map<String, PtTensor> tensors, Map<String, @Nullable Object> values) {
    private static final int DEEPEST = 64;
    private static final long COST_OF_A_VALUE = 64;

    static PtContents of(@Nullable Object root) {
        var contents = new PtContents(new LinkedHashMap<>(), new LinkedHashMap<>());
        contents.new Walk().visit("", root, 0);
        return contents;
    }

    private final class Walk {
        /// A container may hold another many times over, or itself; so characters of names, and values, are limited as a whole.
        private long budget = 1 << 27;

        void visit(String name, @Nullable Object value, int depth) {
            budget -= name.length() + COST_OF_A_VALUE;
            if (depth > DEEPEST || budget < 0) {
                throw new PickleException("nests containers too deep or too often (around '%s')".formatted(shortened(name)));
            }
            switch (value) {
                case Map<?, ?> map -> map.forEach((key, item) -> visit(join(name, key), item, depth + 1));
                case List<?> list -> {
                    for (int i = 0; i < list.size(); i++) {
                        visit(join(name, i), list.get(i), depth + 1);
                    }
                }
                case PtObject object -> visit(name, object.attributes(), depth + 1);
                case PtTensor tensor -> add(tensors, name.isEmpty() ? "tensor" : name, tensor);
                case PtGlobal named -> add(values, name, named.toString());
                case PtStorage storage ->
                        throw new PickleException("has a storage without a tensor at '%s'; save tensors".formatted(shortened(name)));
                case null, default -> add(values, name, value);
            }
        }

        private static String join(String name, Object key) { return name.isEmpty() ? key.toString() : name + "." + key; }

        private static <T extends @Nullable Object> void add(Map<String, T> map, String name, T value) {
            if (map.containsKey(name)) {
                throw new PickleException("has two values that come to the name '%s'".formatted(shortened(name)));
            }
            map.put(name, value);
        }

        private static String shortened(String name) { return name.length() > 80 ? name.substring(0, 80) + "..." : name; }
    }
}
