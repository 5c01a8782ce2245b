package dev.fusedit.trainer.stage;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.io.SafeTensorsCopy;
import dev.fusedit.trainer.checkpoint.Content;
import dev.fusedit.trainer.checkpoint.Parts;
import dev.fusedit.trainer.checkpoint.Snapshot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// The files of a [Snapshot], put together on the thread that runs torch. The copies take as much memory as the tensors, until the snapshot
/// is closed.
public final class SnapshotFiles {
    private static final Map<String, String> METADATA = Map.of("format", "pt");

    private final Map<String, Content> files = new LinkedHashMap<>();
    private Optional<Parts> parts = Optional.empty();
    private final List<SafeTensorsCopy> copies = new ArrayList<>();

    private SnapshotFiles() {}

    /// @param put puts the files in, in the order in which they are to be written
    public static Snapshot of(Consumer<SnapshotFiles> put) {
        var all = new SnapshotFiles();
        try {
            put.accept(all);
            return all.parts.map(parts -> new Snapshot(all.files, parts, all::free)).orElseGet(() -> new Snapshot(all.files, all::free));
        } catch (RuntimeException e) {
            all.free();
            throw e;
        }
    }

    public void text(String name, String text) { put(name, Content.of(text)); }

    /// @param content that never changes, or only by the thread that writes it
    public void put(String name, Content content) { files.put(name, content); }

    /// What has been written already.
    public void parts(Parts written) { parts = Optional.of(written); }

    /// Safetensors, of copies.
    public void tensors(String name, Map<String, Tensor> tensors) {
        var copy = SafeTensorsCopy.of(tensors, METADATA);
        copies.add(copy);
        files.put(name, copy::writeTo);
    }

    private void free() { copies.forEach(SafeTensorsCopy::close); }
}
