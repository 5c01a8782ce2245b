package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/// A source whose samples have more texts, from a file of captions. They stand beside the sample's own; of the same name, in its place.
///
/// @param how samples and rows are matched
/// @param keys what each sample is known by in the file
public record RecaptionedImages(ImageSource source, String file, String how, List<String> keys, JoinedCaptions joined)
        implements ImageSource {
    /// Samples are known by their own keys.
    public static final String BY_KEY = "key";
    /// Samples are known by the hash of the image file's bytes, in hexadecimal.
    public static final String BY_HASH = "sha256";

    /// @param file of captions: JSON lines, CSV, or Parquet
    /// @param by [#BY_KEY], [#BY_HASH], or the name of a text that samples have
    /// @param column of the file which says whose captions a row has
    /// @param threads that read images, where hashes are wanted
    /// @throws UserError if the file cannot be read, or not one sample is found in it
    public static RecaptionedImages of(ImageSource source, String file, String by, String column, int threads) {
        var keys = switch (by) {
            case BY_KEY -> {
                var all = new ArrayList<String>();
                for (int i = 0; i < source.size(); i++) all.add(source.key(i));
                yield all;
            }
            case BY_HASH -> ContentHashes.of(source, ScanCache.folderOfUser(), threads);
            default -> source.values(by);
        };
        var joined = JoinedCaptions.read(file, column, new HashSet<>(keys), by.equals(BY_HASH));
        if (joined.rows().isEmpty() && source.size() > 0)
            throw new UserError(("%s: none of its %,d rows belongs to an image of %s, which are known by %s such as '%s'. See "
                    + "data.captions_from.key").formatted(file, joined.counts().read(), source.place(), by, keys.getFirst()));
        return new RecaptionedImages(source, file, by + "\0" + column, keys, joined);
    }

    /// Samples that the file has no row for.
    int missing() { return (int) keys.stream().filter(key -> !joined.rows().containsKey(key)).count(); }

    @Override
    public List<String> notes() {
        var notes = ImmutableList.<String>builder().addAll(source.notes());
        notes.add("%s: captions %s for %,d of %,d images; %,d have none there".formatted(file, String.join(", ", joined.fields()),
                size() - missing(), size(), missing()));
        if (joined.counts().repeated() > 0)
            notes.add("%s: %,d rows are of images that had one before; the last one counts".formatted(file, joined.counts().repeated()));
        return notes.build();
    }

    @Override
    public Map<String, String> texts(int index) throws BadSample {
        var texts = new HashMap<>(source.texts(index));
        var own = joined.rows().getOrDefault(keys.get(index), Map.of());
        joined.fields().stream().filter(name -> !TextLists.of(own, name).isEmpty()).forEach(name -> TextLists.remove(texts, name));
        texts.putAll(own);
        return texts;
    }

    /// The joined ones first: whoever gives a file of captions means them.
    @Override
    public List<String> usualCaptions() {
        return ImmutableList.<String>builder()
                .addAll(joined.fields().stream().filter(name -> !ParquetImages.NO_CAPTIONS.contains(name)).toList())
                .addAll(source.usualCaptions().stream().filter(name -> !joined.fields().contains(name)).toList()).build();
    }

    @Override
    public List<Problem> problems() {
        return ImmutableList.<Problem>builder().addAll(source.problems()).addAll(joined.problems()).build();
    }

    @Override
    public String digest() {
        var hasher = Hashing.sha256().newHasher().putString(source.digest(), StandardCharsets.UTF_8);
        for (var key : keys)
            hasher.putString("\0" + joined.rows().getOrDefault(key, Map.of()), StandardCharsets.UTF_8);
        return hasher.hash().toString().substring(0, 16);
    }

    @Override
    public String stamp() {
        return Hashing.sha256().hashString(source.stamp() + "\0" + how + "\0" + JoinedCaptions.stamp(file), StandardCharsets.UTF_8)
                .toString();
    }

    @Override
    public String place() { return source.place(); }

    @Override
    public String kind() { return source.kind(); }

    @Override
    public String imageField() { return source.imageField(); }

    @Override
    public int size() { return source.size(); }

    @Override
    public String key(int index) { return source.key(index); }

    @Override
    public long bytes(int index) { return source.bytes(index); }

    @Override
    public byte[] image(int index) throws BadSample { return source.image(index); }

    @Override
    public Others others() { return source.others(); }

    @Override
    public boolean isFetched() { return source.isFetched(); }

    @Override
    public void expect(int index, long within) { source.expect(index, within); }

    @Override
    public void keep(int index) { source.keep(index); }

    @Override
    public int block() { return source.block(); }

    @Override
    public void close() { source.close(); }
}
