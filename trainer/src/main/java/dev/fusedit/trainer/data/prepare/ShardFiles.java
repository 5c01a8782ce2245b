package dev.fusedit.trainer.data.prepare;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.Hashing;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.fusedit.torch.io.DirectorySync;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The files of one shard, as img2dataset names them: `NNNNN.tar`, `NNNNN.parquet`, and `NNNNN_stats.json`, which is written last and is the
/// ledger: with it a shard is done, without it nothing of it counts.
///
/// @param name its number
record ShardFiles(Path out, String name) {
    private static final Logger LOG = LoggerFactory.getLogger(ShardFiles.class);
    private static final JsonMapper JSON = new JsonMapper();
    /// Hidden: no file of it is taken for data.
    private static final String WORK = ".work";

    Path tar() { return out.resolve(name + ".tar"); }

    Path table() { return out.resolve(name + ".parquet"); }

    Path stats() { return out.resolve(name + "_stats.json"); }

    static Path work(Path out) { return out.resolve(WORK); }

    /// Once all is done what is left in the work folder is of no more use, and hidden and harmless where it cannot be deleted.
    static void tidy(Path out) { delete(work(out)); }

    static void delete(Path folder) {
        try {
            if (Files.exists(folder)) MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        } catch (IOException e) {
            LOG.debug("{} stays", folder, e);
        }
    }

    /// A folder that nobody else has, on this machine or another; made by who needs it.
    static Path scratch(Path out) { return work(out).resolve("scratch-" + UUID.randomUUID()); }

    static void make(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw WriteFailure.of(folder, e);
        }
    }

    /// A file of this shard's while it is made.
    Path unfinished(String what) { return work(out).resolve(name + "." + what); }

    /// Whether all is there as the ledger has it.
    boolean isDone() throws IOException {
        if (!Files.exists(stats()) || !Files.exists(table())) return false;
        long bytes = ledger().path("tar_bytes").asLong(-1);
        return bytes == 0 || Files.exists(tar()) && Files.size(tar()) == bytes;
    }

    private ObjectNode ledger() { return JsonFile.object(stats(), "Delete it, and the shard is made anew"); }

    /// What became of its rows.
    Tally tally() {
        var counts = new TreeMap<String, Long>();
        ledger().path("status_dict").properties().forEach(count -> counts.put(count.getKey(), count.getValue().asLong()));
        return new Tally(counts);
    }

    /// Puts finished files in their places and writes the ledger.
    ///
    /// @param tar finished, in the work folder; there is none of a shard without samples
    void publish(Tally tally, Map<String, Long> byStatus) throws IOException {
        var tar = unfinished("tar");
        var table = unfinished("parquet");
        boolean empty = tally.ok() == 0;
        long bytes = empty ? 0 : Files.size(tar);
        var sum = empty ? "" : com.google.common.io.Files.asByteSource(tar.toFile()).hash(Hashing.sha256()).toString();
        Files.deleteIfExists(stats());
        if (empty) Files.deleteIfExists(tar());
        else place(tar, tar());
        place(table, table());
        var json = JSON.createObjectNode().put("count", tally.rows()).put("successes", tally.ok());
        for (var status : new String[] {"failed_to_download", "failed_to_resize", "left_out"})
            json.put(status, byStatus.getOrDefault(status, 0L));
        var counts = json.putObject("status_dict");
        tally.counts().forEach(counts::put);
        json.put("tar_bytes", bytes).put("tar_sha256", sum);
        DirectorySync.force(out);
        WholeFile.write(stats(), JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
        DirectorySync.force(out);
    }

    private static void place(Path finished, Path at) throws IOException {
        try (var channel = FileChannel.open(finished, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(finished, at, StandardCopyOption.ATOMIC_MOVE);
    }
}
