package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.host.SystemReason;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Images in a folder and its subfolders, with their captions in a text of the same name beside them (`tom.txt` beside `tom.png`), or in
/// a `metadata.jsonl` or `metadata.csv` above them (Hugging Face's imagefolder form). Extensions count in any case, names may be of any
/// script; what is hidden is not read.
public final class ImageFolder implements ImageSource {
    /// The text of a `.txt` file.
    static final String TEXT = "text";
    private static final List<String> CAPTIONS = List.of(TEXT, "caption", "prompt", "description", "title");
    /// Files are read one by one: neighbours are worth nothing.
    private static final int BLOCK = 1;

    private final Path folder;
    private final FolderFiles files;
    private final Metadata metadata;

    private ImageFolder(Path folder, FolderFiles files, Metadata metadata) {
        this.folder = folder;
        this.files = files;
        this.metadata = metadata;
    }

    /// Looks for names; no image is read.
    ///
    /// @throws UserError if the folder cannot be looked through
    public static ImageFolder open(Path folder) {
        var files = FolderFiles.of(folder);
        return new ImageFolder(folder, files, Metadata.of(folder, files));
    }

    @Override
    public String place() { return folder.toString(); }

    @Override
    public String kind() { return "folder"; }

    @Override
    public String imageField() { return ""; }

    @Override
    public int size() { return files.images().size(); }

    @Override
    public String key(int index) { return files.images().get(index).key(); }

    @Override
    public long bytes(int index) { return files.images().get(index).bytes(); }

    @Override
    public byte[] image(int index) throws BadSample {
        var file = folder.resolve(key(index));
        if (Files.isDirectory(file)) throw new BadSample(Cause.BROKEN_IMAGE, "is a folder");
        return bytes(file, Cause.BROKEN_IMAGE);
    }

    @Override
    public Map<String, String> texts(int index) throws BadSample {
        var texts = ImmutableMap.<String, String>builder();
        texts.putAll(metadata.texts(key(index)));
        var beside = files.images().get(index).caption();
        if (beside != null) texts.put(TEXT, TextBytes.decode(bytes(folder.resolve(beside), Cause.BAD_TEXT), beside));
        return texts.buildKeepingLast();
    }

    private static byte[] bytes(Path file, Cause cause) throws BadSample {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new BadSample(cause, "cannot be read: " + SystemReason.of(e));
        } catch (OutOfMemoryError _) { // also for more bytes than an array holds
            throw new BadSample(cause, "is too large");
        }
    }

    @Override
    public List<String> usualCaptions() {
        return ImmutableList.<String>builder().addAll(CAPTIONS)
                .addAll(metadata.fields().stream().filter(f -> !CAPTIONS.contains(f)).sorted().toList())
                .build();
    }

    @Override
    public List<Problem> problems() { return metadata.problems(); }

    @Override
    public Others others() { return new Others(files.hidden(), files.unread() - metadata.files()); }

    @Override
    public int block() { return BLOCK; }

    @Override
    public String stamp() { return files.stamp(); }

    @Override
    public void close() {}
}
