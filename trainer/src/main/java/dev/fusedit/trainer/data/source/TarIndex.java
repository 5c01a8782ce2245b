package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/// Where the samples of a tar file lie, by WebDataset's rules: the key is the path up to the first dot of its last part, the field what
/// stands behind it, in lower case; names without a dot, hidden ones and folders between `__` are none of a sample; only neighbours form
/// one, so a key that comes back later is another sample. Nothing is read behind two members of one name in a sample, as there.
///
/// @param others members that are no fields
/// @param broken why nothing more could be read; null for a whole file
record TarIndex(ImmutableList<Sample> samples, int others, @Nullable String broken) {
    private static final int BLOCK = 512;

    /// Where a member's bytes are.
    record Place(long begin, long bytes) {}

    /// @param names of its fields in their order, one list for all samples that have the same
    /// @param places of the fields, begin and number of bytes of each; not copied
    record Sample(String key, ImmutableList<String> names, long[] places) {
        Place place(int field) { return new Place(places[2 * field], places[2 * field + 1]); }
    }

    /// A sample that is being read.
    private record Members(String key, Map<String, Place> fields) {
        Sample sample(Map<ImmutableList<String>, ImmutableList<String>> names) {
            var own = ImmutableList.copyOf(fields.keySet());
            var places = fields.values().stream().flatMapToLong(place -> LongStream.of(place.begin(), place.bytes())).toArray();
            return new Sample(key, names.computeIfAbsent(own, each -> each), places);
        }
    }

    /// Of a plain tar archive.
    static TarIndex of(Path file) throws IOException {
        try (var in = new TarArchiveInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 20))) {
            return read(file, in, Files.size(file));
        }
    }

    /// Of a shard that is packed in something, which may be damaged.
    TarIndex damaged(String damage) { return damage.isEmpty() ? this : new TarIndex(samples, others, damage); }

    private static TarIndex read(Path file, TarArchiveInputStream in, long end) throws IOException {
        var samples = new ArrayList<Members>();
        int others = 0;
        try {
            for (TarArchiveEntry entry; (entry = in.getNextEntry()) != null;) {
                var name = new Name(entry.getName());
                if (!entry.isFile() || !name.isField()) {
                    others += entry.isFile() ? 1 : 0;
                    continue;
                }
                var place = new Place(in.getBytesRead(), entry.getSize());
                if (place.begin() + place.bytes() > end) return of(samples, others, "ends within " + entry.getName());
                if (samples.isEmpty() || !samples.getLast().key().equals(name.key()))
                    samples.add(new Members(name.key(), new LinkedHashMap<>()));
                if (samples.getLast().fields().putIfAbsent(name.field(), place) != null) {
                    samples.removeLast();
                    return of(samples, others, "holds " + entry.getName() + " twice in one sample");
                }
            }
        } catch (IOException | IllegalArgumentException e) { // what damaged headers make of the library
            return of(samples, others, "cannot be read further after %d samples: %s".formatted(samples.size(), e.getMessage()));
        }
        return of(samples, others, isWhole(file, end) ? null : "is cut short: it has no end mark");
    }

    private static TarIndex of(List<Members> samples, int others, @Nullable String broken) {
        var names = new HashMap<ImmutableList<String>, ImmutableList<String>>();
        return new TarIndex(samples.stream().map(each -> each.sample(names)).collect(ImmutableList.toImmutableList()), others, broken);
    }

    /// Blocks of zeros end an archive.
    private static boolean isWhole(Path file, long end) throws IOException {
        if (end % BLOCK != 0) return false;
        try (var in = Files.newInputStream(file)) {
            in.skipNBytes(Math.max(0, end - BLOCK));
            for (byte each : in.readAllBytes()) {
                if (each != 0) return false;
            }
            return true;
        }
    }

    /// A member's name, split.
    private record Name(String path) {
        private String last() { return path.substring(path.lastIndexOf('/') + 1); }

        boolean isField() {
            var isMeta = path.startsWith("__") && path.contains("__/");
            return !isMeta && last().indexOf('.') > 0;
        }

        String key() { return path.substring(0, path.length() - last().length() + last().indexOf('.')); }

        String field() { return last().substring(last().indexOf('.') + 1).toLowerCase(Locale.ROOT); }
    }
}
