package dev.fusedit.trainer.data.source;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Near duplicates: images whose [dev.fusedit.trainer.data.image.PerceptualHash]es differ in no more than three bits, and those that are
/// alike through others.
///
/// Two such hashes agree in one of four quarters at least, so only images that share a quarter are compared.
public final class Lookalikes {
    private static final int MOST_BITS = 3;
    private static final int QUARTERS = MOST_BITS + 1;
    private static final int QUARTER_BITS = 64 / QUARTERS;
    /// Of one quarter; blank images share theirs with very many.
    private static final int COMPARED = 1000;

    private final List<SampleFacts> samples;
    private final int[] first;

    private Lookalikes(List<SampleFacts> samples) {
        this.samples = samples;
        first = new int[samples.size()];
        for (int i = 0; i < first.length; i++) first[i] = i;
        for (int quarter = 0; quarter < QUARTERS; quarter++) join(quarter);
    }

    public static Lookalikes of(List<SampleFacts> samples) { return new Lookalikes(samples); }

    private void join(int quarter) {
        var sharing = new HashMap<Long, List<Integer>>();
        for (int i = 0; i < first.length; i++) {
            long bits = samples.get(i).look().bits() >>> quarter * QUARTER_BITS & (1L << QUARTER_BITS) - 1;
            var before = sharing.computeIfAbsent(bits, _ -> new ArrayList<>());
            for (int j : before.subList(0, Math.min(COMPARED, before.size()))) {
                if (samples.get(i).look().distance(samples.get(j).look()) <= MOST_BITS && isOfTone(i, j)) union(i, j);
            }
            before.add(i);
        }
    }

    /// Flat images have the same hash, whatever their colour.
    private boolean isOfTone(int i, int j) { return samples.get(i).look().isOfTone(samples.get(j).look()); }

    private void union(int i, int j) {
        int a = root(i), b = root(j);
        first[Math.max(a, b)] = Math.min(a, b);
    }

    private int root(int i) {
        while (first[i] != i) i = first[i];
        return i;
    }

    /// Samples that look alike, each once, in the order of their first ones; a sample that looks like no other is alone.
    public List<List<SampleFacts>> groups() {
        Map<Integer, List<SampleFacts>> groups = new java.util.LinkedHashMap<>();
        for (int i = 0; i < first.length; i++) groups.computeIfAbsent(root(i), _ -> new ArrayList<>()).add(samples.get(i));
        return List.copyOf(groups.values());
    }

    /// Samples that look like one before them.
    public int count() { return samples.size() - groups().size(); }
}
