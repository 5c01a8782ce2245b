package dev.fusedit.trainer.data.source;

import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Captioned images, found and not yet read. What is asked of it is the same however it is stored; whoever makes batches knows none of
/// its kinds.
///
/// Samples are numbered from 0, in an order that the names alone decide. Any thread may read.
public interface ImageSource extends AutoCloseable {
    /// What errors and reports call it.
    String place();

    /// Its `data.kind` in recipes.
    String kind();

    /// The field or column that images lie in, as recipes name it; empty for those that lie in files of their own.
    String imageField();

    /// Images found; broken ones too.
    int size();

    /// The name of a sample, unlike any other's: a path below the folder, `000012` of a tar file, or `a.parquet/17`.
    String key(int index);

    /// Size of the image's file.
    long bytes(int index);

    /// The bytes of the image's file.
    ///
    /// @throws BadSample if they cannot be read, or there are more of them than an array holds
    byte[] image(int index) throws BadSample;

    /// Its texts by their names, as they are written.
    ///
    /// @throws BadSample if one is no text in UTF-8
    Map<String, String> texts(int index) throws BadSample;

    /// A text of every sample, "" where it has none: by what samples are known in other files. Reads them all.
    ///
    /// @throws UserError if no sample has one of this name
    default List<String> values(String field) {
        var values = new ArrayList<String>();
        for (int i = 0; i < size(); i++) {
            try {
                values.add(texts(i).getOrDefault(field, ""));
            } catch (BadSample _) {
                values.add("");
            }
        }
        if (values.stream().allMatch(String::isEmpty)) throw new UserError("%s: no sample has a text '%s'".formatted(place(), field));
        return values;
    }

    /// What a person should know before the first step, in sentences.
    default List<String> notes() { return List.of(); }

    /// The names of texts that are captions, as far as nobody says otherwise; the first one that a sample has counts.
    List<String> usualCaptions();

    /// What was found wrong beside the images themselves: rows without a file, shards that end early.
    List<Problem> problems();

    /// What lies there and is not of the data: hidden files, and files of other kinds.
    Others others();

    /// Neighbours in the source's order that are best read together: a block of the shuffling.
    int block();

    /// Samples of it are worth being [expected][#expect]: they may have to be fetched.
    default boolean isFetched() { return false; }

    /// A sample is going to be read, by whatever thread. Nothing depends on it but how soon it is there.
    ///
    /// @param within as many further samples
    default void expect(int index, long within) {}

    /// A sample is read again and again, while all others are.
    default void keep(int index) {}

    /// Names and sizes of all that is read, in a few letters: two sources of the same digest have the same samples under the same indices.
    default String digest() {
        var hasher = Hashing.sha256().newHasher();
        for (int i = 0; i < size(); i++) hasher.putString(key(i) + "\0" + bytes(i) + "\0", StandardCharsets.UTF_8);
        return hasher.hash().toString().substring(0, 16);
    }

    /// Names, sizes and dates of all files that are read, in a few letters: as long as it is the same, nothing needs to be looked at again.
    String stamp();

    @Override
    void close();

    /// @param hidden files whose names begin with a dot, or in folders of such names
    /// @param unread files that are neither an image nor one's caption
    record Others(int hidden, int unread) {}

    /// @return the index
    /// @throws UserError naming the place, if nothing is there to train on
    default ImageSource requireSamples() {
        if (size() == 0 && problems().isEmpty())
            throw new UserError(place() + ": holds no image (" + others().unread() + " other files were found)");
        if (size() == 0) throw new UserError("%s: holds no image that can be read: %s: %s".formatted(place(),
                problems().getFirst().sample(), problems().getFirst().detail()));
        return this;
    }
}
