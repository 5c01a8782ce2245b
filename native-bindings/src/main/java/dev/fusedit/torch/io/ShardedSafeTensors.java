package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.stream.Collectors;

/// Safetensors in several files with an index, as Hugging Face's libraries write large models. Index and shards have to agree: a
/// shard or a tensor that is missing, or a tensor that the index does not know, is an error that lists them.
final class ShardedSafeTensors implements TensorSource {
    private static final int LISTED = 10;

    private final Path path;
    private final ShardIndex index;
    private final Map<String, SafeTensors> shards = new LinkedHashMap<>();
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private ShardedSafeTensors(Path path) {
        this.path = path;
        this.index = ShardIndex.read(path);
    }

    static ShardedSafeTensors open(Path path) {
        var result = new ShardedSafeTensors(path);
        try {
            result.openShards();
            result.compare();
            return result;
        } catch (RuntimeException e) {
            result.close();
            throw e;
        }
    }

    private void openShards() {
        var files = new LinkedHashSet<>(index.files().values());
        require(files.stream().filter(file -> !Files.isRegularFile(path.resolveSibling(file))).toList(), "shard",
                "not beside the index; get it from where the index is from");
        files.forEach(file -> shards.put(file, SafeTensors.open(path.resolveSibling(file))));
    }

    private void compare() {
        var absent = new ArrayList<String>();
        index.files().forEach((name, file) -> {
            var info = shards.get(file).tensors().get(name);
            if (info == null) {
                absent.add(name + " in " + file);
            } else {
                tensors.put(name, info);
            }
        });
        require(absent, "tensor", "not where the index says; shards and index are of different models");
        var unknown = shards.entrySet().stream().flatMap(shard -> shard.getValue().names().stream()
                .filter(name -> !shard.getKey().equals(index.files().get(name))).map(name -> name + " in " + shard.getKey())).toList();
        require(unknown, "tensor", "not known to the index; shards and index are of different models");
    }

    private void require(Collection<String> wrong, String what, String fault) {
        if (!wrong.isEmpty()) {
            var more = wrong.size() > LISTED ? " and %d more".formatted(wrong.size() - LISTED) : "";
            throw new UserError(
                    "%s: %s %s (%d %s%s)".formatted(path, wrong.stream().limit(LISTED).collect(Collectors.joining(", ")) + more, fault,
                            wrong.size(), what, wrong.size() == 1 ? "" : "s"));
        }
    }

    @Override
    public Path path() { return path; }

    @Override
    public String kind() { return "safetensors-index"; }

    @Override
    public Map<String, TensorInfo> tensors() { return Collections.unmodifiableMap(tensors); }

    /// That of the first shard.
    @Override
    public Map<String, String> metadata() { return shards.isEmpty() ? Map.of() : shards.values().iterator().next().metadata(); }

    @Override
    public Tensor read(String name) {
        info(name);
        return shards.get(index.files().get(name)).read(name);
    }

    @Override
    public void close() { shards.values().forEach(SafeTensors::close); }
}
