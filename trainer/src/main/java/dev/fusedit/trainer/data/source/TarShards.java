package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Captioned images in tar files as WebDataset names them (github.com/webdataset/webdataset): neighbouring members of one name before the
/// first dot are a sample, what stands behind the dot is the field, `jpg` or `synthetic_caption.txt`.
///
/// Members lie uncompressed, so any sample is read at its place.
public final class TarShards implements ImageSource {
    private static final List<String> IMAGES = List.of("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff");
    private static final List<String> CAPTIONS =
            List.of("txt", "text", "caption", "synthetic_caption.txt", "original_caption.txt", "caption.txt");
    /// Samples of a shard that are read one after the other.
    private static final int BLOCK = 256;

    private final String place;
    private final ImmutableList<TarIndex> shards;
    private final List<Member> samples = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();
    private final List<FileChannel> channels = new ArrayList<>();
    private final Set<String> fields = new TreeSet<>();

    /// A sample of a shard.
    ///
    /// @param shard number of it
    private record Member(int shard, String key, TarIndex.Place image, Map<String, TarIndex.Place> fields) {}

    private TarShards(String place, List<TarIndex> shards) {
        this.place = place;
        this.shards = ImmutableList.copyOf(shards);
    }

    /// Reads the names in all shards; no image is read.
    ///
    /// @param patterns as [ShardNames] reads them
    /// @param image field of the image; empty for the first one that is an image's
    /// @throws UserError if a shard is not there, or is no tar file
    public static TarShards open(List<String> patterns, String image) {
        var place = String.join("::", patterns);
        var files = ShardNames.files(patterns);
        var shards = files.stream().map(TarIndex::of).toList();
        var result = new TarShards(place, shards);
        var seen = new HashMap<String, Integer>();
        for (int i = 0; i < shards.size(); i++) result.add(i, image, seen);
        try {
            for (var file : files) result.channels.add(FileChannel.open(file));
        } catch (IOException e) {
            result.close();
            throw new UserError("%s: cannot be opened: %s".formatted(place, SystemReason.of(e)), e);
        }
        return result;
    }

    private void add(int shard, String wanted, Map<String, Integer> seen) {
        var index = shards.get(shard);
        for (var sample : index.samples()) {
            int times = seen.merge(sample.key(), 1, Integer::sum);
            var key = times == 1 ? sample.key() : sample.key() + " in " + index.file().getFileName() + " (" + times + ")";
            var image = wanted.isEmpty()
                    ? IMAGES.stream().map(field -> find(sample.fields(), field)).filter(Objects::nonNull).findFirst().orElse(null)
                    : sample.fields().get(wanted);
            if (image == null) {
                var has = String.join(", ", sample.fields().keySet());
                problems.add(new Problem(key, Cause.BROKEN_IMAGE,
                        "has no field " + (wanted.isEmpty() ? "of an image" : wanted) + ", only " + has));
                continue;
            }
            fields.addAll(sample.fields().keySet());
            samples.add(new Member(shard, key, image, sample.fields()));
        }
        if (index.broken() != null) problems.add(new Problem(index.file().getFileName().toString(), Cause.BROKEN_SHARD, index.broken()));
    }

    /// The samples of each shard, in the order in which they lie in it.
    public List<List<Integer>> samplesOfShards() {
        var result = shards.stream().<List<Integer>>map(_ -> new ArrayList<>()).toList();
        for (int i = 0; i < samples.size(); i++) result.get(samples.get(i).shard()).add(i);
        return result;
    }

    /// Whether a sample has a field.
    public boolean has(int index, String field) { return samples.get(index).fields().containsKey(field); }
    @Override
    public String kind() { return "webdataset"; }

    /// The field of the first sample's image; empty where there is no sample.
    @Override
    public String imageField() {
        if (samples.isEmpty()) return "";
        var first = samples.getFirst();
        return first.fields().entrySet().stream().filter(field -> field.getValue().equals(first.image())).map(Map.Entry::getKey).findFirst()
                .orElse("");
    }

    /// A field of this name, or one that ends in it behind a dot.
    private static TarIndex.@Nullable Place find(Map<String, TarIndex.Place> fields, String name) {
        var exact = fields.get(name);
        return exact != null ? exact
                : fields.entrySet().stream().filter(field -> field.getKey().endsWith("." + name)).map(Map.Entry::getValue).findFirst()
                        .orElse(null);
    }

    @Override
    public String place() { return place; }

    @Override
    public int size() { return samples.size(); }

    @Override
    public String key(int index) { return samples.get(index).key(); }

    @Override
    public long bytes(int index) { return samples.get(index).image().bytes(); }

    @Override
    public byte[] image(int index) throws BadSample {
        var member = samples.get(index);
        return bytes(member, member.image(), Cause.BROKEN_IMAGE);
    }

    @Override
    public Map<String, String> texts(int index) throws BadSample {
        var member = samples.get(index);
        var texts = new HashMap<String, String>();
        for (var field : member.fields().entrySet()) {
            if (isText(field.getKey()))
                texts.put(field.getKey(), TextBytes.decode(bytes(member, field.getValue(), Cause.BAD_TEXT), field.getKey()));
        }
        return texts;
    }

    private static boolean isText(String field) {
        var last = field.substring(field.lastIndexOf('.') + 1);
        return last.equals("txt") || last.equals("text") || last.equals("caption");
    }

    private byte[] bytes(Member member, TarIndex.Place at, Cause cause) throws BadSample {
        if (at.bytes() > Integer.MAX_VALUE - 8) throw new BadSample(cause, "is too large: %d bytes".formatted(at.bytes()));
        var bytes = ByteBuffer.allocate((int) at.bytes());
        try {
            while (bytes.hasRemaining()) {
                if (channels.get(member.shard()).read(bytes, at.begin() + bytes.position()) < 0) throw new BadSample(cause, "is cut short");
            }
            return bytes.array();
        } catch (IOException e) {
            throw new BadSample(cause, "cannot be read: " + SystemReason.of(e));
        }
    }

    @Override
    public List<String> usualCaptions() {
        return ImmutableList.<String>builder().addAll(CAPTIONS)
                .addAll(fields.stream().filter(field -> isText(field) && !CAPTIONS.contains(field)).toList()).build();
    }

    @Override
    public List<Problem> problems() { return problems; }

    @Override
    public Others others() { return new Others(0, shards.stream().mapToInt(TarIndex::others).sum()); }

    @Override
    public int block() { return BLOCK; }

    @Override
    public String stamp() {
        var hasher = Hashing.sha256().newHasher();
        shards.forEach(shard -> hasher.putString(shard.stamp() + "\0", StandardCharsets.UTF_8));
        return hasher.hash().toString();
    }

    @Override
    public void close() {
        for (var channel : channels) {
            try {
                channel.close();
            } catch (IOException _) {
                // it was only read
            }
        }
    }
}
