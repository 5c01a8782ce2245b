package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/// What a file of tensors holds.
///
/// @param kind the file's format, as [TensorSource#kind] has it
/// @param parameters elements of all tensors
/// @param parts elements by part of the model: the names up to and with the first dotted piece in which they differ. Adapters (LoRA) of a part
///        are apart from it: `llm-adapter`
/// @param tensors how many
/// @param dtypes how many tensors are stored in which way: `f32`, `bf16`, `q4_k` ...
public record FileInfo(String kind, long parameters, Map<String, Long> parts, int tensors, Map<String, Integer> dtypes) {
    public static FileInfo of(TensorSource source) {
        var prefix = commonPieces(source.names());
        boolean alone = source.names().stream().allMatch(FileInfo::isAdapters);
        var parts = new TreeMap<String, Long>();
        var dtypes = new TreeMap<String, Integer>();
        long parameters = 0;
        for (var info : source.tensors().values()) {
            parameters = Math.addExact(parameters, info.numel());
            parts.merge(part(info.name(), prefix) + (isAdapters(info.name()) && !alone ? "-adapter" : ""), info.numel(), Math::addExact);
            dtypes.merge(info.stored(), 1, Integer::sum);
        }
        return new FileInfo(source.kind(), parameters, Collections.unmodifiableMap(parts), source.tensors().size(),
                Collections.unmodifiableMap(dtypes));
    }

    private static boolean isAdapters(String name) { return name.contains(".lora_A.") || name.contains(".lora_B."); }

    /// How many leading pieces all names share, the last piece of a name not counted.
    private static int commonPieces(Collection<String> names) {
        var common = -1;
        String[] first = {};
        for (var name : names) {
            var pieces = name.split("\\.", -1);
            if (common < 0) {
                first = pieces;
                common = pieces.length - 1;
            }
            var same = 0;
            while (same < common && same < pieces.length - 1 && pieces[same].equals(first[same])) {
                same++;
            }
            common = same;
        }
        return Math.max(common, 0);
    }

    private static String part(String name, int prefix) {
        var end = -1;
        for (int i = 0; i <= prefix; i++) {
            end = name.indexOf('.', end + 1);
            if (end < 0) {
                return name;
            }
        }
        return name.substring(0, end);
    }

    /// [TensorHash] of all tensors in the order of their names, each as [TensorSource#read] makes it. The same weights have the same sum in
    /// every format.
    public static String sha256(TensorSource source) { return sha256(source.names(), source::read); }

    /// As [#sha256(TensorSource)], of tensors in memory, on whatever device.
    public static String sha256(Map<String, Tensor> tensors) { return sha256(tensors.keySet(), tensors::get); }

    private static String sha256(Collection<String> names, Function<String, Tensor> read) {
        var hash = new TensorHash();
        for (var name : new TreeSet<>(names)) {
            try (var _ = TensorScope.open()) {
                hash.add(name, read.apply(name));
            }
        }
        return hash.hex();
    }
}
