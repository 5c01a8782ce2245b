package dev.fusedit.torch.io;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.torch.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// Writes safetensors as Hugging Face's libraries do: one file `STEM.safetensors`, or above a limit the shards
/// `STEM-00001-of-00003.safetensors` ... and `STEM.safetensors.index.json`. The stem is `model` for transformers,
/// `diffusion_pytorch_model` for diffusers.
public final class ShardedWriter {
    /// Bytes of data in one file: the "5GB" of those libraries.
    public static final long LIMIT = 5_000_000_000L;

    private final Path folder;
    private final String stem;
    private final long limit;

    public ShardedWriter(Path folder, String stem) { this(folder, stem, LIMIT); }

    public ShardedWriter(Path folder, String stem, long limit) {
        checkArgument(limit > 0, "a limit of %s bytes", limit);
        this.folder = folder;
        this.stem = stem;
        this.limit = limit;
    }

    /// Writes the tensors in the map's order and removes what an earlier writing under this stem left. A tensor larger than the limit has a
    /// shard to itself.
    ///
    /// @return the file to open: the single one or the index
    public Path write(Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        var shards = shards(tensors);
        var noted = new LinkedHashMap<>(Map.of("format", "pt")); // Python's loaders insist on it
        noted.putAll(metadata);
        var written = new HashSet<Path>();
        var places = new LinkedHashMap<String, String>();
        for (int i = 0; i < shards.size(); i++) {
            var name = shards.size() == 1 ? stem + ".safetensors"
                    : String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", stem, i + 1, shards.size());
            SafeTensors.write(folder.resolve(name), shards.get(i), noted);
            shards.get(i).keySet().forEach(tensor -> places.put(tensor, name));
            written.add(folder.resolve(name));
        }
        var result = shards.size() == 1 ? written.iterator().next() : writeIndex(tensors, places);
        written.add(result);
        removeOthers(written);
        return result;
    }

    private List<Map<String, Tensor>> shards(Map<String, Tensor> tensors) {
        var shards = new ArrayList<Map<String, Tensor>>();
        Map<String, Tensor> shard = new LinkedHashMap<>();
        long size = 0;
        for (var entry : tensors.entrySet()) {
            var bytes = bytes(entry.getValue());
            if (!shard.isEmpty() && size + bytes > limit) {
                shards.add(shard);
                shard = new LinkedHashMap<>();
                size = 0;
            }
            shard.put(entry.getKey(), entry.getValue());
            size += bytes;
        }
        shards.add(shard);
        return shards;
    }

    private Path writeIndex(Map<String, Tensor> tensors, Map<String, String> places) throws IOException {
        var index = index(places, tensors.values().stream().mapToLong(ShardedWriter::bytes).sum());
        return Files.writeString(folder.resolve(stem + ".safetensors.index.json"), index);
    }

    /// The text of an index.
    ///
    /// @param places names of shards by those of their tensors
    /// @param bytes of all tensors
    public static String index(Map<String, String> places, long bytes) {
        var root = JsonNodeFactory.instance.objectNode();
        root.putObject("metadata").put("total_size", bytes);
        var map = root.putObject("weight_map");
        places.forEach(map::put);
        return root.toPrettyString() + "\n";
    }

    private static long bytes(Tensor tensor) { return tensor.numel() * tensor.dtype().bytes(); }

    /// Loaders prefer a single file to an index, so neither may outlive the other.
    private void removeOthers(Set<Path> written) throws IOException {
        var ours = Pattern.compile(Pattern.quote(stem) + "(-\\d{5}-of-\\d{5})?\\.safetensors(\\.index\\.json)?").asMatchPredicate();
        List<Path> old;
        try (var files = Files.list(folder)) {
            old = files.filter(file -> ours.test(file.getFileName().toString()) && !written.contains(file)).toList();
        }
        for (var file : old) {
            Files.delete(file);
        }
    }
}
