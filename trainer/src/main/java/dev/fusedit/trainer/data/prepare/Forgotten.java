package dev.fusedit.trainer.data.prepare;

import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TextFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.data.image.PHash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/// `forgotten.txt` of a prepared set: what was taken out and does not come back, by hashes alone, so that the file tells nothing of it.
///
/// @param lines `url` and the SHA-256 of an address, `sha256` and that of a file, `phash` and a perceptual hash
record Forgotten(Path file, Set<String> lines) {
    static Forgotten of(Path out) {
        var file = out.resolve("forgotten.txt");
        return new Forgotten(file, Files.exists(file) ? Set.copyOf(TextFile.lines(file, "a list of forgotten samples")) : Set.of());
    }

    static String ofUrl(String url) { return "url " + Hashing.sha256().hashString(url.strip(), StandardCharsets.UTF_8); }

    boolean hasUrl(String url) { return !lines.isEmpty() && lines.contains(ofUrl(url)); }

    boolean hasFile(String sha256) { return lines.contains("sha256 " + sha256); }

    boolean hasLook(long phash) { return lines.contains("phash " + PHash.hex(phash)); }

    /// @throws UserError if it cannot be written
    Forgotten with(String line) {
        var all = new TreeSet<>(lines);
        all.add(line);
        try {
            WholeFile.write(file, String.join("\n", all) + "\n");
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
        return new Forgotten(file, Set.copyOf(all));
    }
}
