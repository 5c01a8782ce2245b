package dev.fusedit.trainer.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.trainer.data.UserCache;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.PerceptualHash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What scans found, kept between runs: a source is looked through again only if a name, a size or a date of its files has changed, or other
/// captions are read, or images are decoded in another way. Where nothing can be kept, it is looked through each time.
public final class ScanCache {
    /// Of the form, and of what a scan looks for.
    private static final int VERSION = 2;
    private static final Logger LOG = LoggerFactory.getLogger(ScanCache.class);

    private final Path folder;

    /// @param folder made when something is kept
    public ScanCache(Path folder) { this.folder = folder; }

    /// In the user's cache, `~/.cache/fusedit/scans`.
    public static ScanCache ofUser() { return new ScanCache(folderOfUser()); }

    static Path folderOfUser() { return UserCache.folder("scans"); }

    /// As [SourceScan#of].
    public SourceScan scan(ImageSource source, CaptionRule captions, ImageDecoding decoding, int threads, IntConsumer looked) {
        var key = Hashing.sha256()
                .hashString(String.join("\0", Integer.toString(VERSION), source.place(), source.stamp(), captions.toString(),
                        decoding.toString()), StandardCharsets.UTF_8)
                .toString();
        var file = folder.resolve(key.substring(0, 32) + ".jsonl");
        return kept(file, source).orElseGet(() -> keep(file, () -> SourceScan.of(source, captions, decoding, threads, looked)));
    }

    private static Optional<SourceScan> kept(Path file, ImageSource source) {
        if (!Files.isRegularFile(file)) return Optional.empty();
        var good = ImmutableList.<SampleFacts>builder();
        var problems = ImmutableList.<Problem>builder();
        var counts = ImmutableMap.<String, CaptionCount>builder();
        try {
            int line = 0;
            for (var text : Files.readAllLines(file)) {
                var json = JsonFile.line(text, file, ++line, "Delete the file");
                if (json.has("written")) counts.put(json.path("field").asText(), count(json));
                else if (json.has("cause")) problems.add(problem(json));
                else good.add(facts(json));
            }
            return Optional.of(new SourceScan(source, good.build(), problems.build(), counts.buildOrThrow()));
        } catch (IOException | UserError | IllegalArgumentException e) { // cut short or changed: it is looked at anew
            LOG.debug("{} is not used: {}", file, e.getMessage());
            return Optional.empty();
        }
    }

    private SourceScan keep(Path file, Supplier<SourceScan> scan) {
        var made = scan.get();
        var lines = new StringBuilder();
        made.problems().forEach(problem -> lines.append(problem.json()).append('\n'));
        made.captionCounts().forEach((field, count) -> lines.append(json(field, count)).append('\n'));
        made.good().forEach(facts -> lines.append(json(facts)).append('\n'));
        try {
            Files.createDirectories(folder);
            WholeFile.write(file, lines.toString());
        } catch (IOException e) {
            LOG.debug("{} is not kept: {}", file, e.getMessage());
        }
        return made;
    }

    private static JsonNode json(String field, CaptionCount count) {
        return JsonNodeFactory.instance.objectNode().put("field", field).put("written", count.written()).put("blank", count.blank())
                .put("missing", count.missing());
    }

    private static CaptionCount count(JsonNode json) {
        return new CaptionCount(json.path("written").intValue(), json.path("blank").intValue(), json.path("missing").intValue());
    }

    private static Problem problem(JsonNode json) {
        for (var cause : Cause.values()) {
            if (cause.word().equals(json.path("cause").asText()))
                return new Problem(json.path("sample").asText(), cause, json.path("detail").asText());
        }
        throw new IllegalArgumentException("no cause: " + json);
    }

    private static JsonNode json(SampleFacts facts) {
        var look = facts.look();
        return JsonNodeFactory.instance.objectNode().put("index", facts.index()).put("width", facts.width()).put("height", facts.height())
                .put("caption", facts.caption()).put("look", look.bits()).put("red", look.red()).put("green", look.green())
                .put("blue", look.blue());
    }

    private static SampleFacts facts(JsonNode json) {
        if (!json.path("index").isInt() || !json.path("look").isIntegralNumber()) throw new IllegalArgumentException("no sample: " + json);
        return new SampleFacts(json.path("index").intValue(), json.path("width").intValue(), json.path("height").intValue(),
                json.path("caption").textValue(), new PerceptualHash(json.path("look").longValue(), json.path("red").intValue(),
                        json.path("green").intValue(), json.path("blue").intValue()));
    }
}
