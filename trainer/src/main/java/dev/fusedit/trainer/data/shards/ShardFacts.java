package dev.fusedit.trainer.data.shards;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What is known of a shard that was fetched once, whether its copy is still there or not.
///
/// @param shown where from
/// @param mark what its server said
/// @param head hash of its first bytes as they came; empty where nobody compares them
/// @param bytes of the unpacked archive
/// @param sha256 of the unpacked archive
/// @param damage of what it is packed in; empty for none
record ShardFacts(String shown, HttpMark mark, String head, long bytes, String sha256, String damage) {
    static Optional<ShardFacts> read(Path file) {
        if (!Files.isRegularFile(file)) return Optional.empty();
        try {
            var json = JsonFile.line(Files.readString(file), file, 1, "Delete the file");
            if (!json.path("bytes").isIntegralNumber() || json.path("sha256").asText().length() != 64) return Optional.empty();
            return Optional.of(new ShardFacts(json.path("from").asText(),
                    new HttpMark(json.path("length").asLong(-1), json.path("etag").asText(), json.path("modified").asText()),
                    json.path("head").asText(), json.path("bytes").longValue(), json.path("sha256").asText(),
                    json.path("damage").asText()));
        } catch (IOException | UserError _) { // as if it had not been fetched
            return Optional.empty();
        }
    }

    void write(Path file) throws IOException {
        WholeFile.write(file, JsonNodeFactory.instance.objectNode().put("from", shown).put("length", mark.length()).put("etag", mark.etag())
                .put("modified", mark.modified()).put("head", head).put("bytes", bytes).put("sha256", sha256).put("damage", damage)
                .toString());
    }

    /// The same content under another mark.
    ShardFacts with(HttpMark other) { return new ShardFacts(shown, other, head, bytes, sha256, damage); }
}
