package dev.fusedit.trainer.data.source;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.trainer.data.blocks.Dice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Which of a sample's texts is its caption: one of several, each as often as its share says. Of those that a sample lacks, or that are
/// blank, the others take the share. Of several texts of one name ([TextLists]) any one is taken, each as often.
///
/// @param shares by the name of the text, in the order of preference; those of 0 are taken only where no other is there
public record CaptionRule(ImmutableMap<String, Double> shares) {
    private static final long PURPOSE = 103;
    private static final int PARTS = 1 << 24;

    public CaptionRule {
        checkArgument(!shares.isEmpty(), "a caption has a name to be read by");
    }

    /// The first usual one that a sample has.
    public static CaptionRule usual(ImageSource source) { return firstOf(source.usualCaptions()); }

    /// The first one of these that a sample has.
    public static CaptionRule firstOf(List<String> names) {
        var shares = ImmutableMap.<String, Double>builder();
        names.forEach(name -> shares.put(name, 0.0));
        return new CaptionRule(shares.buildOrThrow());
    }

    /// The caption of a sample, without blanks around it.
    ///
    /// @param position of the sample in the run, which decides between several captions
    /// @throws BadSample if it has none
    public String of(Map<String, String> texts, long seed, long position) throws BadSample {
        var there = there(texts);
        var dice = new Dice(seed, PURPOSE, position);
        var several = there.get(taken(List.copyOf(there.keySet()), dice));
        return several.get(several.size() == 1 ? 0 : dice.below(several.size())).strip();
    }

    /// All that may be the caption of a sample, each once.
    ///
    /// @throws BadSample if it has none
    public ImmutableSet<String> all(Map<String, String> texts) throws BadSample {
        var there = there(texts);
        double sum = there.keySet().stream().mapToDouble(shares::get).sum();
        var names = sum == 0 ? List.of(there.keySet().iterator().next())
                : there.keySet().stream().filter(name -> shares.get(name) > 0).toList();
        return names.stream().flatMap(name -> there.get(name).stream()).map(String::strip).collect(ImmutableSet.toImmutableSet());
    }

    /// The written ones by their names, in the order of preference.
    private Map<String, List<String>> there(Map<String, String> texts) throws BadSample {
        var there = new LinkedHashMap<String, List<String>>();
        for (var name : shares.keySet()) {
            var written = TextLists.of(texts, name).stream().filter(text -> !text.isBlank()).toList();
            if (!written.isEmpty()) there.put(name, written);
        }
        if (there.isEmpty()) throw none(texts);
        return there;
    }

    private String taken(List<String> there, Dice dice) {
        double sum = there.stream().mapToDouble(shares::get).sum();
        double left = sum * dice.below(PARTS) / PARTS;
        for (var name : there) {
            left -= shares.get(name);
            if (left < 0 || sum == 0) return name;
        }
        return there.getLast();
    }

    private BadSample none(Map<String, String> texts) {
        for (var name : shares.keySet()) {
            if (!TextLists.of(texts, name).isEmpty()) return new BadSample(Cause.EMPTY_CAPTION, "the caption '" + name + "' is blank");
        }
        return new BadSample(Cause.MISSING_CAPTION, texts.isEmpty() ? "no caption is there"
                : "has none of the captions " + String.join(", ", shares.keySet()) + ", only " + String.join(", ", texts.keySet()));
    }
}
