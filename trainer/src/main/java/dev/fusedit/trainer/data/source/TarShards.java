package dev.fusedit.trainer.data.source;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Iterables;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.trainer.data.shards.ReadAhead;
import dev.fusedit.trainer.data.shards.ShardSettings;
import dev.fusedit.trainer.data.shards.ShardStore;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/// Captioned images in tar files as WebDataset names them (github.com/webdataset/webdataset): neighbouring members of one name before the
/// first dot are a sample, what stands behind the dot is the field, `jpg` or `synthetic_caption.txt`.
///
/// Wherever a shard comes from and whatever it is packed in, it is read as a plain file, in which any sample is read at its place
/// ([ShardStore]): which samples there are, and in which order, does not depend on it.
public final class TarShards implements ImageSource {
    private static final List<String> IMAGES = List.of("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff");
    private static final List<String> CAPTIONS =
            List.of("txt", "text", "caption", "synthetic_caption.txt", "original_caption.txt", "caption.txt");
    /// Samples of a shard that are read one after the other, if nobody says otherwise.
    public static final int BLOCK = 256;
    /// Of all samples that are read again and again.
    private static final long MOST_KEPT_BYTES = 256 << 20;

    private final String place;
    private final int block;
    private final ShardStore store;
    private final ReadAhead ahead;
    private final ImmutableList<TarIndexes.Indexed> shards;
    private final List<Member> samples = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();
    private final Set<String> fields = new TreeSet<>();
    private final Map<String, Map<TarIndex.Place, byte[]>> kept = new ConcurrentHashMap<>();
    private final AtomicLong keptBytes = new AtomicLong();

    /// A sample of a shard.
    ///
    /// @param shard number of it
    /// @param picture which of its fields is the image
    private record Member(int shard, String key, int picture, TarIndex.Sample sample) {
        TarIndex.Place image() { return sample.place(picture); }
    }

    private TarShards(String place, int block, ShardStore store, List<TarIndexes.Indexed> shards) {
        this.place = place;
        this.block = block;
        this.store = store;
        this.ahead = new ReadAhead(store);
        this.shards = ImmutableList.copyOf(shards);
    }

    /// Reads the names in all shards; no image is read. Shards that are elsewhere are fetched for it, unless they were once and have not
    /// changed.
    ///
    /// @param patterns as [ShardNames] reads them
    /// @param image field of the image; empty for the first one that is an image's
    /// @param block neighbouring samples that are read one after the other
    /// @throws UserError if a shard is not there, is no tar file, or cannot be fetched
    public static TarShards open(List<String> patterns, String image, int block, ShardSettings settings) {
        var addresses = ShardNames.shards(patterns);
        var place = Splitter.on("::").splitToStream(String.join("::", patterns)).map(TarShards::shown).collect(Collectors.joining("::"));
        var store = new ShardStore(settings);
        try {
            var result =
                    new TarShards(place, block, store, new TarIndexes(store, settings.folder().resolveSibling("indexes")).of(addresses));
            var seen = new HashMap<String, Integer>();
            for (int i = 0; i < result.shards.size(); i++) result.add(i, image, seen);
            result.tellOfRoom(settings);
            return result;
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /// A pattern without what servers may take for a key.
    private static String shown(String pattern) { return pattern.matches("https?://.*") ? pattern.replaceFirst("\\?.*", "?…") : pattern; }

    /// What does not fit the cache is fetched again and again.
    private void tellOfRoom(ShardSettings settings) {
        long bytes = shards.stream().mapToLong(each -> each.shard().copy()).sum();
        if (bytes <= settings.limit()) return;
        long each = samples.size() / Math.max(1, shards.size());
        settings.told().accept(("The shards take %,d MiB unpacked, and their cache holds %,d: of an epoch, each is fetched about %d times. "
                + "Raise data.cache.limit, or data.block up to %d, the samples of a shard").formatted(bytes >> 20, settings.limit() >> 20,
                        Math.max(1, each / block), each));
    }

    private void add(int shard, String wanted, Map<String, Integer> seen) {
        var index = shards.get(shard).index();
        var address = shards.get(shard).shard().address();
        var pictures = new HashMap<ImmutableList<String>, Integer>();
        for (var sample : index.samples()) {
            int times = seen.merge(sample.key(), 1, Integer::sum);
            var key = times == 1 ? sample.key() : sample.key() + " in " + address.tarName() + " (" + times + ")";
            int picture = pictures.computeIfAbsent(sample.names(), names -> picture(names, wanted));
            if (picture < 0) {
                problems.add(new Problem(key, Cause.BROKEN_IMAGE, "has no field " + (wanted.isEmpty() ? "of an image" : wanted)
                        + ", only " + String.join(", ", sample.names())));
                continue;
            }
            samples.add(new Member(shard, key, picture, sample));
        }
        pictures.forEach((names, picture) -> fields.addAll(picture < 0 ? ImmutableList.of() : names));
        if (index.broken() != null) problems.add(new Problem(address.fileName(), Cause.BROKEN_SHARD, index.broken()));
    }

    /// The samples of each shard, in the order in which they lie in it.
    public List<List<Integer>> samplesOfShards() {
        var result = shards.stream().<List<Integer>>map(_ -> new ArrayList<>()).toList();
        for (int i = 0; i < samples.size(); i++) result.get(samples.get(i).shard()).add(i);
        return result;
    }

    /// Whether a sample has a field.
    public boolean has(int index, String field) { return samples.get(index).sample().names().contains(field); }

    @Override
    public String kind() { return "webdataset"; }

    /// The field of the first sample's image; empty where there is no sample.
    @Override
    public String imageField() {
        if (samples.isEmpty()) return "";
        return samples.getFirst().sample().names().get(samples.getFirst().picture());
    }

    /// Which field is the image; -1 for none.
    private static int picture(List<String> names, String wanted) {
        if (!wanted.isEmpty()) return names.indexOf(wanted);
        return IMAGES.stream().mapToInt(kind -> find(names, kind)).filter(field -> field >= 0).findFirst().orElse(-1);
    }

    /// A field of this name, or one that ends in it behind a dot; -1 for none.
    private static int find(List<String> names, String name) {
        int exact = names.indexOf(name);
        return exact >= 0 ? exact : Iterables.indexOf(names, each -> each.endsWith("." + name));
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
        var names = member.sample().names();
        for (int i = 0; i < names.size(); i++) {
            if (isText(names.get(i)))
                texts.put(names.get(i), TextBytes.decode(bytes(member, member.sample().place(i), Cause.BAD_TEXT), names.get(i)));
        }
        return texts;
    }

    private static boolean isText(String field) {
        var last = field.substring(field.lastIndexOf('.') + 1);
        return last.equals("txt") || last.equals("text") || last.equals("caption");
    }

    private byte[] bytes(Member member, TarIndex.Place at, Cause cause) throws BadSample {
        var there = kept.get(member.key());
        if (there == null) return read(member, at, cause);
        var again = there.get(at);
        if (again != null) return again;
        var bytes = read(member, at, cause);
        if (keptBytes.addAndGet(bytes.length) <= MOST_KEPT_BYTES) there.put(at, bytes);
        return bytes;
    }

    private byte[] read(Member member, TarIndex.Place at, Cause cause) throws BadSample {
        if (at.bytes() > Integer.MAX_VALUE - 8) throw new BadSample(cause, "is too large: %d bytes".formatted(at.bytes()));
        var shard = shards.get(member.shard()).shard();
        ahead.reading(shard);
        try {
            return store.reading(shard, ahead::isWanted, tar -> read(tar, at));
        } catch (EOFException _) {
            throw new BadSample(cause, "is cut short");
        } catch (IOException e) {
            throw new BadSample(cause, "cannot be read: " + SystemReason.of(e));
        }
    }

    /// By no channel, which an interrupt would close.
    private static byte[] read(Path tar, TarIndex.Place at) throws IOException {
        var bytes = new byte[(int) at.bytes()];
        try (var in = new RandomAccessFile(tar.toFile(), "r")) {
            in.seek(at.begin());
            in.readFully(bytes);
        }
        return bytes;
    }

    @Override
    public boolean isFetched() { return shards.stream().anyMatch(each -> each.shard().copy() > 0); }

    @Override
    public void expect(int index, long within) { ahead.expect(shards.get(samples.get(index).shard()).shard(), within); }

    @Override
    public void keep(int index) {
        var member = samples.get(index);
        if (shards.get(member.shard()).shard().copy() > 0) kept.computeIfAbsent(member.key(), _ -> new ConcurrentHashMap<>());
    }

    @Override
    public List<String> usualCaptions() {
        return ImmutableList.<String>builder().addAll(CAPTIONS)
                .addAll(fields.stream().filter(field -> isText(field) && !CAPTIONS.contains(field)).toList()).build();
    }

    @Override
    public List<Problem> problems() { return problems; }

    @Override
    public Others others() { return new Others(0, shards.stream().mapToInt(each -> each.index().others()).sum()); }

    @Override
    public int block() { return block; }

    @Override
    public String stamp() {
        var hasher = Hashing.sha256().newHasher();
        shards.forEach(each -> hasher.putString(each.shard().stamp() + "\0", StandardCharsets.UTF_8));
        return hasher.hash().toString();
    }

    @Override
    public void close() {
        ahead.close();
        store.close();
    }
}
