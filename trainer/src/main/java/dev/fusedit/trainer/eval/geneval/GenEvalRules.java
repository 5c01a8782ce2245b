package dev.fusedit.trainer.eval.geneval;

import com.google.common.collect.ImmutableSet;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.eval.geneval.Detections.Detected;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// GenEval's rules over detections (`evaluation/evaluate_images.py` of its public repository), with its numbers.
///
/// Notable: overlapping boxes are not thinned out (its `max_overlap` is 1); only the most confident objects, as many as are asked for, are
/// looked at for colour and place; the objects of a group must all stand rightly to all of the other.
public final class GenEvalRules {
    static final double CONFIDENT = 0.3;
    /// In prompts that count.
    static final double CONFIDENT_COUNTING = 0.9;
    static final int MOST_OF_A_CLASS = 16;
    /// Of the sum of both sizes, by which a distance shrinks.
    private static final double MARGIN = 0.1;
    private static final double ALONG = 0.5;
    private static final double NOTHING = 1e-3;

    private GenEvalRules() {}

    /// @param reason empty if it is right
    public record Judgement(boolean correct, String reason) {}

    /// @param where the detections, for errors
    /// @throws UserError if an object has no colour that the prompt asks for
    public static Judgement judge(GenEvalPrompt prompt, List<Detected> objects, String where) {
        double least = prompt.tag().equals("counting") ? CONFIDENT_COUNTING : CONFIDENT;
        var reasons = new ArrayList<String>();
        var groups = new ArrayList<Optional<List<Detected>>>();
        for (var each : prompt.include()) {
            var seen = of(each.name(), objects, least);
            var found = seen.subList(0, Math.min(seen.size(), each.count()));
            var wrong = wrong(each, found, groups, where);
            wrong.ifPresent(reasons::add);
            groups.add(wrong.isPresent() ? Optional.empty() : Optional.of(found));
        }
        for (var each : prompt.exclude()) {
            int seen = of(each.name(), objects, least).size();
            if (seen >= each.count()) reasons.add("expected %s<%d, found %d".formatted(each.name(), each.count(), seen));
        }
        return new Judgement(reasons.isEmpty(), String.join("; ", reasons));
    }

    /// The most confident first.
    private static List<Detected> of(String name, List<Detected> objects, double least) {
        return objects.stream().filter(object -> object.name().equals(name) && object.score() > least)
                .sorted(Comparator.comparingDouble(Detected::score).reversed()).limit(MOST_OF_A_CLASS).toList();
    }

    private static Optional<String> wrong(GenEvalPrompt.Include wanted, List<Detected> found, List<Optional<List<Detected>>> groups,
            String where) {
        if (found.size() < wanted.count())
            return Optional.of("expected %s>=%d, found %d".formatted(wanted.name(), wanted.count(), found.size()));
        if (wanted.color().isPresent()) {
            var color = wanted.color().get();
            long right = found.stream().filter(object -> color(object, where).equals(color)).count();
            if (right < wanted.count())
                return Optional.of("expected %s %s>=%d, found %d".formatted(color, wanted.name(), wanted.count(), right));
        }
        return wanted.place().flatMap(place -> misplaced(wanted.name(), place, found, groups.get(place.group())));
    }

    private static String color(Detected object, String where) {
        return object.color().orElseThrow(() -> new UserError(
                "%s: a %s has no color, which its prompt asks for. Write the detections anew, with --clip".formatted(where,
                        object.name())));
    }

    private static Optional<String> misplaced(String name, GenEvalPrompt.Place place, List<Detected> found,
            Optional<List<Detected>> others) {
        if (others.isEmpty()) return Optional.of("no target for %s to be %s".formatted(name, place.relation()));
        for (var object : found)
            for (var other : others.get()) {
                var relations = relations(object, other);
                if (!relations.contains(place.relation()))
                    return Optional.of("expected %s %s target, found %s target".formatted(name, place.relation(),
                            String.join(" and ", relations)));
            }
        return Optional.empty();
    }

    /// Where one object is, seen from another: the offset of their centres, shrunk by a part of their sizes, along each axis more than half
    /// of the whole offset.
    static ImmutableSet<String> relations(Detected one, Detected other) {
        double right = (one.left() + one.right() - other.left() - other.right()) / 2;
        double down = (one.top() + one.bottom() - other.top() - other.bottom()) / 2;
        double x = shrunk(right, Math.abs(one.right() - one.left()) + Math.abs(other.right() - other.left()));
        double y = shrunk(down, Math.abs(one.bottom() - one.top()) + Math.abs(other.bottom() - other.top()));
        if (Math.abs(x) < NOTHING && Math.abs(y) < NOTHING) return ImmutableSet.of();
        double length = Math.hypot(right, down);
        var relations = ImmutableSet.<String>builder();
        if (x / length < -ALONG) relations.add("left of");
        if (x / length > ALONG) relations.add("right of");
        if (y / length < -ALONG) relations.add("above");
        if (y / length > ALONG) relations.add("below");
        return relations.build();
    }

    private static double shrunk(double offset, double sizes) {
        return Math.max(0, Math.abs(offset) - MARGIN * sizes) * Math.signum(offset);
    }
}
