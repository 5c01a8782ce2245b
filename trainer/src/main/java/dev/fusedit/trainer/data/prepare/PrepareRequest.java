package dev.fusedit.trainer.data.prepare;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.fetch.FetchRules;
import java.nio.file.Path;
import java.util.List;

/// What a person asks for.
///
/// @param metadata files, folders or globs
/// @param images the same, of the archives that they are in; empty for images on the web
/// @param out folder of the shards
/// @param mostRows of the metadata that are looked at, from the first on
/// @param language of texts, two or three letters (ISO 639); empty for any
/// @param rowsPerShard rows of the metadata, not images
/// @param imageRules what becomes of them
/// @param shardsAtOnce while the slowest hosts of one are waited for, the next one is begun
public record PrepareRequest(Filters filters, List<String> metadata, List<String> images, Path out, long mostRows, String language,
        int rowsPerShard, int shardsAtOnce, Part part, ImageRules imageRules, FetchRules fetch, BlockedHashes hashes) {
    public PrepareRequest {
        if (mostRows < 1) throw new UserError("at least 1 row must be looked at, not " + mostRows);
        if (rowsPerShard < 1 || rowsPerShard > 1_000_000) throw new UserError("a shard has 1 to 1000000 rows, not " + rowsPerShard);
        if (shardsAtOnce < 1 || shardsAtOnce > 64) throw new UserError("1 to 64 shards are made at once, not " + shardsAtOnce);
    }
}
