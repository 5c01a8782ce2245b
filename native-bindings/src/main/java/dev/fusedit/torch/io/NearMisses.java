package dev.fusedit.torch.io;

import static java.util.Comparator.comparingInt;

import com.google.common.base.Splitter;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// Which known words a person may have meant by one that is not known. Words are compared by their pieces, `gated`, `joint`, whatever stands
/// between these: `GatedJoint`, `gated_joint`, `gatedjoint`.
public final class NearMisses {
    private static final Pattern HUMP = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])");
    private static final Splitter PIECES = Splitter.onPattern("[^\\p{L}\\p{N}]+").omitEmptyStrings();
    private static final int SHORTEST_BEGINNING = 3;
    private static final int SHORTEST_GUESSED_PIECE = 4;
    private static final int NONE = 5;
    private static final int BY_LETTERS = 2;
    private static final int MOST = 3;

    private NearMisses() {}

    private record Candidate(String word, int kind, int distance) {}

    /// The nearest, those of the best kind alone: the same pieces; one within the other, piece by piece (`cross-attention`, `rope` for
    /// `m-rope`); a slip of the finger; a beginning (`sched`); a slip of the finger in a piece. At most three, the nearest first.
    public static List<String> of(String word, Collection<String> known) {
        var near = known.stream().map(candidate -> new Candidate(candidate, kind(pieces(word), pieces(candidate)),
                distance(joined(word), joined(candidate)))).filter(candidate -> candidate.kind < NONE).toList();
        int best = near.stream().mapToInt(Candidate::kind).min().orElse(NONE);
        return near.stream().filter(candidate -> candidate.kind == best)
                .sorted(comparingInt(Candidate::distance).thenComparing(Comparator.comparingInt(candidate -> candidate.word.length())))
                .map(Candidate::word).limit(best == BY_LETTERS ? 1 : MOST).toList();
    }

    private static int kind(List<String> word, List<String> known) {
        String letters = String.join("", word), knownLetters = String.join("", known);
        boolean begins = knownLetters.startsWith(letters) && letters.length() >= SHORTEST_BEGINNING
                || letters.startsWith(knownLetters) && knownLetters.length() >= SHORTEST_BEGINNING;
        if (letters.isEmpty()) return NONE;
        if (letters.equals(knownLetters)) return 0;
        if (isWithin(word, known, false) || isWithin(known, word, false)) return 1;
        if (distance(letters, knownLetters) <= slips(letters)) return BY_LETTERS;
        if (begins) return 3;
        return isWithin(word, known, true) || isWithin(known, word, true) ? 4 : NONE;
    }

    /// Whether pieces follow each other in others.
    ///
    /// @param misspelt whether each may have a slip of the finger
    private static boolean isWithin(List<String> pieces, List<String> others, boolean misspelt) {
        for (int from = 0; from + pieces.size() <= others.size(); from++) {
            boolean same = true;
            for (int i = 0; same && i < pieces.size(); i++) same = isSame(pieces.get(i), others.get(from + i), misspelt);
            if (same) return true;
        }
        return false;
    }

    private static boolean isSame(String a, String b, boolean misspelt) {
        boolean guessed = misspelt && Math.min(a.length(), b.length()) >= SHORTEST_GUESSED_PIECE && distance(a, b) <= slips(a);
        return guessed || a.equals(b);
    }

    /// How many letters may be wrong.
    private static int slips(String word) { return Math.max(1, Math.min(3, word.length() / 3)); }

    private static String joined(String word) { return String.join("", pieces(word)); }

    private static List<String> pieces(String word) {
        return PIECES.splitToList(HUMP.matcher(word).replaceAll("-").toLowerCase(Locale.ROOT));
    }

    /// Levenshtein's distance in which swapping two neighbours counts once, row by row.
    static int distance(String a, String b) {
        int[] before = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) last[j] = j;
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = last[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, 1 + Math.min(last[j], row[j - 1]));
                boolean swapped = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) row[j] = Math.min(row[j], before[j - 2] + 1);
            }
            before = last;
            last = row;
        }
        return last[b.length()];
    }
}
