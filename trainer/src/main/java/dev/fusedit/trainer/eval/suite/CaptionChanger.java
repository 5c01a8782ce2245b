package dev.fusedit.trainer.eval.suite;

import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// Changes a caption of free English text so that it says another thing, by one of four rules, each for a caption that it can be applied to:
///
/// | rule | |
/// |---|---|
/// | `color` | one of eleven words for colours becomes another one |
/// | `number` | `two` to `ten`, `2` to `9`: one more or one less, never 1 |
/// | `relation` | `left` ↔ `right`, `above` ↔ `below`, `over` ↔ `under`, `inside` ↔ `outside`, `in front of` ↔ `behind`, `before` ↔ `after`, `on top of` ↔ `underneath` |
/// | `swap` | two different words for colours change their places |
///
/// Nothing else of it changes: not its articles, not its case but for the word's first letter. What a rule makes need not be likely, and a word
/// may have meant something else (`right` for correct): a share of pairs is compared with chance, not with one.
final class CaptionChanger {
    private static final ImmutableList<String> COLORS =
            ImmutableList.of("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black",
                    "white", "gray");
    private static final ImmutableList<String> NUMBERS =
            ImmutableList.of("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten");
    private static final ImmutableMap<String, String> RELATIONS =
            relations("left", "right", "above", "below", "over", "under", "inside", "outside",
                    "in front of", "behind", "before", "after", "on top of", "underneath");
    private static final Pattern COLOR = words(COLORS);
    private static final Pattern NUMBER =
            Pattern.compile(words(NUMBERS).pattern() + "|(?<![\\w.,])[2-9](?![\\w.,]\\w|\\w)", Pattern.CASE_INSENSITIVE);
    private static final Pattern RELATION = words(RELATIONS.keySet().stream().sorted((a, b) -> b.length() - a.length()).toList());

    /// @param rule by which it was changed
    record Changed(String caption, String rule) {}

    private CaptionChanger() {}

    private static ImmutableMap<String, String> relations(String... pairs) {
        var relations = ImmutableMap.<String, String>builder();
        for (int i = 0; i < pairs.length; i += 2) relations.put(pairs[i], pairs[i + 1]).put(pairs[i + 1], pairs[i]);
        return relations.buildOrThrow();
    }

    private static Pattern words(List<String> words) {
        return Pattern.compile("\\b(?:" + String.join("|", words) + ")\\b", Pattern.CASE_INSENSITIVE);
    }

    /// By one of the rules that apply, drawn; empty where none does.
    static Optional<Changed> change(String caption, Seed seed) {
        var random = new Random(seed.value());
        var ways = new ArrayList<Changed>();
        one(caption, COLOR, random).ifPresent(at -> ways.add(new Changed(replaced(caption, at, color(at.group(), random)), "color")));
        one(caption, NUMBER, random).ifPresent(at -> ways.add(new Changed(replaced(caption, at, number(at.group(), random)), "number")));
        one(caption, RELATION, random).ifPresent(at -> ways.add(new Changed(replaced(caption, at, relation(at.group())), "relation")));
        swapped(caption).ifPresent(text -> ways.add(new Changed(text, "swap")));
        return ways.isEmpty() ? Optional.empty() : Optional.of(ways.get(random.nextInt(ways.size())));
    }

    private static List<MatchResult> all(String caption, Pattern words) { return words.matcher(caption).results().toList(); }

    private static Optional<MatchResult> one(String caption, Pattern words, Random random) {
        var found = all(caption, words);
        return found.isEmpty() ? Optional.empty() : Optional.of(found.get(random.nextInt(found.size())));
    }

    private static String replaced(String caption, MatchResult at, String word) {
        var cased = Character.isUpperCase(at.group().charAt(0)) ? Character.toUpperCase(word.charAt(0)) + word.substring(1) : word;
        return caption.substring(0, at.start()) + cased + caption.substring(at.end());
    }

    private static String color(String word, Random random) {
        var others = COLORS.stream().filter(color -> !color.equalsIgnoreCase(word)).toList();
        return others.get(random.nextInt(others.size()));
    }

    private static String number(String word, Random random) {
        boolean more = random.nextBoolean();
        if (Character.isDigit(word.charAt(0))) {
            int digit = word.charAt(0) - '0';
            return Integer.toString(digit == 2 || more && digit < 9 ? digit + 1 : digit - 1);
        }
        int at = NUMBERS.indexOf(Ascii.toLowerCase(word));
        return NUMBERS.get(at == 0 || more && at < NUMBERS.size() - 1 ? at + 1 : at - 1);
    }

    private static String relation(String words) {
        return RELATIONS.getOrDefault(Ascii.toLowerCase(words), words);
    }

    private static Optional<String> swapped(String caption) {
        var found = all(caption, COLOR);
        for (int i = 1; i < found.size(); i++) {
            if (found.get(i).group().equalsIgnoreCase(found.getFirst().group())) continue;
            var second = replaced(caption, found.get(i), Ascii.toLowerCase(found.getFirst().group()));
            return Optional.of(replaced(second, found.getFirst(), Ascii.toLowerCase(found.get(i).group())));
        }
        return Optional.empty();
    }
}
