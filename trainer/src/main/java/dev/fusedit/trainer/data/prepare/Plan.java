package dev.fusedit.trainer.data.prepare;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.data.prepare.MetadataFiles.MetadataFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/// `plan.json` of a prepared set: all that its shards are a function of, beside what the sites answer. Every process that works in the folder has
/// the same.
///
/// @param json set, files with their rows and bytes, values of the rules, sizes
record Plan(ObjectNode json) {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String NAME = "plan.json";
    private static final String REMEDY = "Give another --out";
    /// As img2dataset: at least five digits for the shard.
    private static final int FEWEST_DIGITS = 5;

    /// @param files that all rows are read from
    static Plan of(PrepareRequest request, Inputs inputs, MetadataFiles files) {
        var json = JSON.createObjectNode().put("set", request.filters().set().name());
        var list = json.putArray("files");
        switch (request.filters().set().form()) {
            case MetadataForm.Parquet _ -> {
                for (MetadataFile file : files.files()) {
                    list.addObject().put("name", file.path().getFileName().toString()).put("rows", file.rows()).put("bytes", file.bytes());
                }
            }
            case MetadataForm.JsonLines _ -> inputs.metadata().forEach(file -> add(list, file));
            case MetadataForm.TextFiles _ -> inputs.metadata().forEach(file -> add(list, file));
        }
        if (!inputs.archives().isEmpty()) {
            var archives = json.putArray("archives");
            inputs.archives().files().forEach(file -> add(archives, file));
        }
        json.put("rows", Math.min(files.rows(), request.mostRows())).put("rows_per_shard", request.rowsPerShard());
        var values = json.putObject("rules");
        request.filters().values().forEach(values::put);
        json.put("language", request.language()).put("image_size", request.imageRules().size())
                .put("quality", request.imageRules().quality()).put("max_pixels", request.imageRules().mostPixels())
                .put("phash_bits", request.imageRules().phashBits());
        return new Plan(json);
    }

    private static void add(ArrayNode list, Path file) {
        try {
            list.addObject().put("name", file.getFileName().toString()).put("bytes", Files.size(file));
        } catch (IOException e) {
            throw new UserError("%s: cannot be read: %s".formatted(file, SystemReason.of(e)), e);
        }
    }

    static boolean isThere(Path out) { return Files.exists(out.resolve(NAME)); }

    /// @throws UserError if the folder holds no prepared set
    static Plan read(Path out) {
        var file = out.resolve(NAME);
        if (!Files.exists(file)) throw new UserError("%s: is no folder that 'data prepare' made: it has no %s".formatted(out, NAME));
        return new Plan(JsonFile.object(file, REMEDY));
    }

    /// Makes the folder this plan's, or finds that it is.
    ///
    /// @throws UserError if the folder is another plan's, or holds other things
    void claim(Path out) {
        try {
            Files.createDirectories(out);
            if (isThere(out)) {
                requireSame(read(out), out);
                return;
            }
            try (var inside = Files.list(out)) {
                if (inside.anyMatch(file -> !file.getFileName().toString().startsWith(".")))
                    throw new UserError("%s: holds other things already. %s".formatted(out, REMEDY));
            }
            WholeFile.write(out.resolve(NAME), JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
        } catch (IOException e) {
            throw WriteFailure.of(out, e);
        }
    }

    private void requireSame(Plan there, Path out) {
        Sets.union(fields(json), fields(there.json)).forEach(key -> {
            if (!String.valueOf(there.json.get(key)).equals(String.valueOf(json.get(key))))
                throw new UserError(
                        "%s: was begun with %s %s, not %s. Go on with the same options, or give another --out".formatted(out, key,
                                there.json.get(key), json.get(key)));
        });
    }

    private static Set<String> fields(ObjectNode json) { return ImmutableSet.copyOf(json.fieldNames()); }

    long rows() { return number("rows"); }

    int rowsPerShard() { return (int) number("rows_per_shard"); }

    private long number(String key) { return json.path(key).asLong(); }

    int shards() { return Math.toIntExact((rows() + rowsPerShard() - 1) / rowsPerShard()); }

    PublishedSet set() { return PublishedSets.named(json.path("set").asText()); }

    long firstRow(int shard) { return (long) shard * rowsPerShard(); }

    long endRow(int shard) { return Math.min(rows(), firstRow(shard) + rowsPerShard()); }

    /// `00012`
    String shardName(int shard) {
        int digits = Math.max(FEWEST_DIGITS, Integer.toString(shards() - 1).length());
        return String.format(Locale.ROOT, "%0" + digits + "d", shard);
    }

    /// `000120034`: the shard, and the row in it.
    String key(int shard, long row) {
        int digits = Integer.toString(rowsPerShard() - 1).length();
        return shardName(shard) + String.format(Locale.ROOT, "%0" + digits + "d", row - firstRow(shard));
    }
}
