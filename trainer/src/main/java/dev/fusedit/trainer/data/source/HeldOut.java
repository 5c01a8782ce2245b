package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Samples that are kept from training, for validation: those whose keys have the least hashes, so that the same ones are held out whatever
/// else is added to a set. What looks like a held-out image is held out with it ([Lookalikes]); of very many that look alike, none is.
public final class HeldOut {
    private HeldOut() {}

    /// @param count samples to hold out, at least; no more than half of all
    public static TrainingSplit of(SourceScan scan, int count, long seed) {
        if (count == 0) return new TrainingSplit(scan.source(), scan.good(), ImmutableList.of());
        var alike = new HashMap<Integer, List<SampleFacts>>();
        Lookalikes.of(scan.good()).groups().forEach(group -> group.forEach(facts -> alike.put(facts.index(), group)));
        var hashes = new HashMap<Integer, Long>();
        scan.good().forEach(facts -> hashes.put(facts.index(), hash(scan.source().key(facts.index()), seed)));
        var held = new HashSet<Integer>();
        int wanted = Math.min(count, scan.good().size() / 2);
        for (var facts : scan.good().stream().sorted(Comparator.comparing(facts -> hashes.get(facts.index()))).toList()) {
            if (held.size() >= wanted) break;
            var group = alike.get(facts.index());
            if (group.size() <= wanted) group.forEach(each -> held.add(each.index()));
        }
        return split(scan, held, hashes);
    }

    private static TrainingSplit split(SourceScan scan, Set<Integer> held, Map<Integer, Long> hashes) {
        return new TrainingSplit(scan.source(),
                scan.good().stream().filter(facts -> !held.contains(facts.index())).collect(ImmutableList.toImmutableList()),
                scan.good().stream().filter(facts -> held.contains(facts.index()))
                        .sorted(Comparator.comparing(facts -> hashes.get(facts.index())))
                        .collect(ImmutableList.toImmutableList()));
    }

    private static long hash(String key, long seed) {
        return Hashing.sha256().newHasher().putLong(seed).putString(key, StandardCharsets.UTF_8).hash().asLong();
    }
}
