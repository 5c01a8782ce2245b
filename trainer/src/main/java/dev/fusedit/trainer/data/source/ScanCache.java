package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import com.google.common.io.ByteArrayDataOutput;
import dev.fusedit.trainer.data.UserCache;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.PerceptualHash;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.IntConsumer;

/// What scans found, kept between runs: a source is looked through again only if a name, a size or a date of its files has changed, or other
/// captions are read, or images are decoded in another way. Where nothing can be kept, it is looked through each time.
public final class ScanCache {
    /// Of the form, and of what a scan looks for.
    private static final int VERSION = 3;

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
        var file = folder.resolve(key.substring(0, 32) + ".scan");
        return KeptBytes.read(file, in -> scan(in, source))
                .orElseGet(() -> keep(file, SourceScan.of(source, captions, decoding, threads, looked)));
    }

    private static SourceScan scan(ByteBuffer in, ImageSource source) {
        var problems = ImmutableList.<Problem>builder();
        for (int left = in.getInt(); left > 0; left--) problems.add(problem(in));
        var counts = ImmutableMap.<String, CaptionCount>builder();
        for (int left = in.getInt(); left > 0; left--)
            counts.put(KeptBytes.text(in), new CaptionCount(in.getInt(), in.getInt(), in.getInt()));
        var good = ImmutableList.<SampleFacts>builder();
        for (int left = in.getInt(); left > 0; left--) {
            int index = in.getInt(), width = in.getInt(), height = in.getInt();
            var look = new PerceptualHash(in.getLong(), in.get() & 255, in.get() & 255, in.get() & 255);
            good.add(new SampleFacts(index, width, height, KeptBytes.text(in), look));
        }
        return new SourceScan(source, good.build(), problems.build(), counts.buildOrThrow());
    }

    private static Problem problem(ByteBuffer in) {
        return new Problem(KeptBytes.text(in), Cause.valueOf(KeptBytes.text(in)), KeptBytes.text(in));
    }

    private static SourceScan keep(Path file, SourceScan made) {
        KeptBytes.write(file, out -> put(made, out));
        return made;
    }

    private static void put(SourceScan scan, ByteArrayDataOutput out) {
        out.writeInt(scan.problems().size());
        for (var problem : scan.problems()) {
            KeptBytes.putText(out, problem.sample());
            KeptBytes.putText(out, problem.cause().name());
            KeptBytes.putText(out, problem.detail());
        }
        out.writeInt(scan.captionCounts().size());
        scan.captionCounts().forEach((field, count) -> {
            KeptBytes.putText(out, field);
            out.writeInt(count.written());
            out.writeInt(count.blank());
            out.writeInt(count.missing());
        });
        out.writeInt(scan.good().size());
        for (var facts : scan.good()) {
            out.writeInt(facts.index());
            out.writeInt(facts.width());
            out.writeInt(facts.height());
            out.writeLong(facts.look().bits());
            out.writeByte(facts.look().red());
            out.writeByte(facts.look().green());
            out.writeByte(facts.look().blue());
            KeptBytes.putText(out, facts.caption());
        }
    }
}
