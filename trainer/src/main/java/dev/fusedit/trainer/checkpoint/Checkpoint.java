package dev.fusedit.trainer.checkpoint;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;

/// A whole checkpoint on the disk, every byte of it checked when it was opened.
public final class Checkpoint {
    private final Path folder;
    private final Manifest manifest;

    private Checkpoint(Path folder, Manifest manifest) {
        this.folder = folder;
        this.manifest = manifest;
    }

    /// Whether a folder says that it is one; what is in it is not looked at.
    public static boolean is(Path folder) { return Files.isRegularFile(folder.resolve(Manifest.FILE)); }

    /// @throws UserError naming the file and what is wrong with it
    public static Checkpoint open(Path folder) {
        var manifest = Manifest.read(folder);
        for (var file : manifest.files()) verify(folder, file);
        return new Checkpoint(folder, manifest);
    }

    public Path folder() { return folder; }

    /// Optimizer steps done, over all stages.
    public long step() { return manifest.step(); }

    public List<String> names() { return manifest.files().stream().map(Manifest.Entry::name).toList(); }

    public boolean has(String name) { return names().contains(name); }

    public Path file(String name) {
        checkArgument(has(name), "checkpoint %s has no file '%s', only %s", folder, name, names());
        return folder.resolve(name);
    }

    private static void verify(Path folder, Manifest.Entry file) {
        String place = "checkpoint " + folder + ": " + file.name();
        String remedy = ". Take an earlier checkpoint";
        try (var in = FileChannel.open(folder.resolve(file.name()))) {
            if (in.size() != file.bytes())
                throw new UserError(place + " has " + in.size() + " bytes, but was saved with " + file.bytes() + remedy);
            String crc = crc(in);
            if (!crc.equals(file.crc32c()))
                throw new UserError(place + " is damaged: its CRC32C is " + crc + ", but was saved with " + file.crc32c() + remedy);
        } catch (NoSuchFileException e) {
            throw new UserError(place + " is missing" + remedy, e);
        } catch (IOException e) {
            throw new UserError(place + " cannot be read: " + e + remedy, e);
        }
    }

    private static String crc(FileChannel in) throws IOException {
        var crc = new CRC32C();
        var buffer = ByteBuffer.allocateDirect(1 << 20);
        while (in.read(buffer) >= 0) {
            crc.update(buffer.flip());
            buffer.clear();
        }
        return Disk.hex(crc);
    }
}
