package dev.fusedit.trainer.data.prepare;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Date;
import java.util.Map;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/// A tar file of samples as WebDataset writes them, `KEY.jpg`, `KEY.json`, `KEY.txt` each, and `KEY.NAME.txt` of further texts, without dates and
/// owners: equal samples are equal bytes.
final class ShardTar implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int READABLE = 0444;

    private final TarArchiveOutputStream tar;

    private ShardTar(TarArchiveOutputStream tar) { this.tar = tar; }

    /// In place of what is there.
    static ShardTar create(Path file) throws IOException {
        return new ShardTar(new TarArchiveOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 1 << 20), "UTF-8"));
    }

    /// @param others texts by their names
    void add(String key, byte[] jpeg, Object facts, String caption, Map<String, String> others) throws IOException {
        add(key + ".jpg", jpeg);
        add(key + ".json", JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(facts));
        add(key + ".txt", caption.getBytes(StandardCharsets.UTF_8));
        for (var other : others.entrySet()) add(key + "." + other.getKey() + ".txt", other.getValue().getBytes(StandardCharsets.UTF_8));
    }

    private void add(String name, byte[] bytes) throws IOException {
        var entry = new TarArchiveEntry(name);
        entry.setSize(bytes.length);
        entry.setMode(READABLE);
        entry.setModTime(new Date(0));
        tar.putArchiveEntry(entry);
        tar.write(bytes);
        tar.closeArchiveEntry();
    }

    /// A copy without some samples.
    static void copyWithout(Set<String> keys, Path from, Path to) throws IOException {
        try (var in = new TarArchiveInputStream(Files.newInputStream(from), "UTF-8"); var copy = create(to)) {
            for (TarArchiveEntry entry; (entry = in.getNextEntry()) != null;) {
                if (!keys.contains(entry.getName().substring(0, entry.getName().indexOf('.'))))
                    copy.add(entry.getName(), in.readAllBytes());
            }
        }
    }

    @Override
    public void close() throws IOException { tar.close(); }
}
