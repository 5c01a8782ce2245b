package dev.fusedit.torch.io;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.torch.UserError;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// The index beside sharded safetensors files: `{"metadata": {...}, "weight_map": {NAME: FILE}}`.
record ShardIndex(Map<String, String> files) {
    private static final String REMEDY = "Fetch the index and its shards anew";

    static ShardIndex read(Path path) {
        var tree = JsonFile.object(path, REMEDY);
        if (!(tree.get("weight_map") instanceof JsonNode map) || !map.isObject()) {
            throw new UserError("%s: has no weight_map; it is no index of safetensors shards".formatted(path));
        }
        var files = new LinkedHashMap<String, String>();
        map.properties().forEach(entry -> files.put(entry.getKey(), file(path, entry.getKey(), entry.getValue())));
        return new ShardIndex(Collections.unmodifiableMap(files));
    }

    /// Shards lie beside their index; anything else could point at any file of the machine.
    private static String file(Path path, String name, JsonNode value) {
        var file = value.isTextual() ? value.textValue() : "";
        if (!isPlainName(file)) {
            throw new UserError(
                    "%s: places tensor '%s' in %s; a shard is the name of a file in the index's own folder".formatted(path, name, value));
        }
        return file;
    }

    private static boolean isPlainName(String file) {
        try {
            return !file.isBlank() && file.indexOf('\\') < 0 && Path.of(file).getNameCount() == 1 && !Path.of(file).isAbsolute()
                    && !Path.of(file).normalize().toString().isEmpty() && !file.equals("..");
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
