package dev.fusedit.trainer.data.source;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Samples that are kept from training, for validation: those whose keys have the least hashes, so that the same ones are held out whatever
/// else is added to a set. What looks like a held-out image is held out with it ([Lookalikes]); of very many that look alike, none is.
public final class HeldOut {
    private HeldOut() {}

    /// A good sample of one of several sources.
    private record Candidate(int source, SampleFacts facts, long hash) {}

    /// @param count samples to hold out, at least; no more than half of all
    public static TrainingSplit of(SourceScan scan, int count, long seed) { return of(List.of(scan), List.of(count), seed).getFirst(); }

    /// Of several sources, each so many: what looks like a held-out image of one is held out of the others too.
    ///
    /// @param counts samples to hold out of each; no more than half of it
    public static List<TrainingSplit> of(List<SourceScan> scans, List<Integer> counts, long seed) {
        var held = counts.stream().allMatch(count -> count == 0) ? Set.<Candidate>of() : held(scans, counts, seed);
        return IntStream.range(0, scans.size()).mapToObj(source -> split(scans.get(source),
                held.stream().filter(each -> each.source() == source).sorted(Comparator.comparing(Candidate::hash))
                        .map(Candidate::facts).collect(ImmutableList.toImmutableList())))
                .toList();
    }

    private static Set<Candidate> held(List<SourceScan> scans, List<Integer> counts, long seed) {
        var candidates = new IdentityHashMap<SampleFacts, Candidate>();
        for (int source = 0; source < scans.size(); source++) {
            for (var facts : scans.get(source).good())
                candidates.put(facts, new Candidate(source, facts, hash(scans.get(source).source().key(facts.index()), seed)));
        }
        var alike = new IdentityHashMap<SampleFacts, List<SampleFacts>>();
        Lookalikes.of(scans.stream().flatMap(scan -> scan.good().stream()).toList()).groups()
                .forEach(group -> group.forEach(facts -> alike.put(facts, group)));
        var held = new LinkedHashSet<Candidate>();
        for (int source = 0; source < scans.size(); source++) {
            int here = source, wanted = Math.min(counts.get(source), scans.get(source).good().size() / 2);
            for (var facts : scans.get(source).good().stream().sorted(Comparator.comparing(each -> candidates.get(each).hash())).toList()) {
                if (held.stream().filter(each -> each.source() == here).count() >= wanted) break;
                var group = alike.get(facts);
                if (group.size() <= wanted) group.forEach(each -> held.add(candidates.get(each)));
            }
        }
        return held;
    }

    private static TrainingSplit split(SourceScan scan, ImmutableList<SampleFacts> held) {
        var indices = held.stream().map(SampleFacts::index).collect(Collectors.toSet());
        return new TrainingSplit(scan.source(),
                scan.good().stream().filter(facts -> !indices.contains(facts.index())).collect(ImmutableList.toImmutableList()), held);
    }

    private static long hash(String key, long seed) {
        return Hashing.sha256().newHasher().putLong(seed).putString(key, StandardCharsets.UTF_8).hash().asLong();
    }
}
