package dev.fusedit.trainer.data.prepare;

import com.google.common.base.Ascii;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TextFile;
import dev.fusedit.trainer.data.image.PHash;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Files that are never kept: by SHA-256 of their bytes, or by how they look.
///
/// @param sha256 64 hexadecimal digits each, lower case
/// @param phashes perceptual hashes
public record BlockedHashes(Set<String> sha256, long[] phashes) {
    public static final BlockedHashes NONE = new BlockedHashes(Set.of(), new long[0]);

    /// A line each: 64 hexadecimal digits (SHA-256 of the file) or 16 (perceptual hash); `#` begins a remark.
    ///
    /// @throws UserError naming a line that is neither
    public static BlockedHashes of(List<Path> lists) {
        var files = new HashSet<String>();
        var looks = new HashSet<Long>();
        for (var list : lists) {
            int number = 0;
            for (var line : TextFile.lines(list, "a list of hashes")) {
                number++;
                var hash = Ascii.toLowerCase(withoutRemark(line));
                if (hash.isEmpty()) continue;
                if (hash.matches("[0-9a-f]{64}")) files.add(hash);
                else looks.add(PHash.parse(hash)
                        .orElseThrow(() -> new UserError("%s: '%s' is no hash. A line has 64 hexadecimal digits (SHA-256) or 16 (pHash)"
                                .formatted(list, hash))));
            }
        }
        return new BlockedHashes(Set.copyOf(files), looks.stream().mapToLong(Long::longValue).sorted().toArray());
    }

    /// Hosts, a line each; a name stands for all below it as well, so `example.org` for `img.example.org`. In lists in the form of
    /// `/etc/hosts` the address in front is passed over.
    public static Predicate<String> domains(List<Path> lists) {
        var blocked = new HashSet<String>();
        for (var list : lists) {
            for (var line : TextFile.lines(list, "a list of domains")) {
                var words = withoutRemark(line).split("\\s+");
                var host = Ascii.toLowerCase(words[words.length - 1]).replaceFirst("^(\\*\\.|\\.)", "");
                if (!host.isEmpty()) blocked.add(host);
            }
        }
        return host -> {
            for (int at = 0; at >= 0; at = host.indexOf('.', at) < 0 ? -1 : host.indexOf('.', at) + 1) {
                if (blocked.contains(host.substring(at))) return true;
            }
            return false;
        };
    }

    private static String withoutRemark(String line) {
        int remark = line.indexOf('#');
        return (remark < 0 ? line : line.substring(0, remark)).strip();
    }

    /// @param phash of the image
    /// @param bits that may differ
    boolean looksLikeOne(long phash, int bits) {
        for (long each : phashes) {
            if (PHash.distance(each, phash) <= bits) return true;
        }
        return false;
    }
}
