package dev.fusedit.trainer.data.shards;

import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/// Whether a file on a server is still the one that was fetched: by its ETag, its date and its size, and where the server says neither, by
/// its first bytes.
final class HttpCheck {
    private HttpCheck() {}

    /// Asks the server, for no more than the first bytes.
    ///
    /// @return what the server says of it now; empty if it has changed
    static Optional<HttpMark> unchanged(HttpFile file, ShardFacts facts) {
        var answer = file.get(conditions(facts.mark()));
        try (var body = answer.body()) {
            if (HttpFile.isSame(answer.statusCode())) return Optional.of(facts.mark());
            var now = HttpMark.of(answer);
            boolean served = HttpFile.isWhole(answer.statusCode()) || HttpFile.isPart(answer.statusCode());
            if (!served || !now.agrees(facts.mark())) return Optional.empty();
            boolean told = now.tells() && facts.mark().tells();
            return told || Hashing.sha256().hashBytes(body.readNBytes(Shard.HEAD)).toString().equals(facts.head()) ? Optional.of(now)
                    : Optional.empty();
        } catch (IOException e) {
            throw new UserError("%s: cannot be fetched: %s".formatted(file.shown(), file.reason(e)), e);
        }
    }

    private static Map<String, String> conditions(HttpMark mark) {
        var headers = ImmutableMap.<String, String>builder().put("Range", "bytes=0-" + (Shard.HEAD - 1));
        if (!mark.etag().isEmpty()) headers.put("If-None-Match", mark.etag());
        else if (!mark.modified().isEmpty()) headers.put("If-Modified-Since", mark.modified());
        return headers.buildOrThrow();
    }
}
