package dev.fusedit.trainer.recipe.binding;

import static java.util.stream.Collectors.joining;

import dev.fusedit.torch.UserError;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/// All that is wrong with one recipe, gathered while it is read, so that a person mends it in one go. Whoever finds something adds it and
/// goes on as well as it can; what only follows from something that was added is not added.
///
/// Of one reading, on its thread.
public final class Problems {
    private static final int SHOWN = 50;

    private record Problem(Place place, String sentence) {}

    private final List<Problem> found = new ArrayList<>();
    private final Set<Node> about = Collections.newSetFromMap(new IdentityHashMap<>());

    boolean isEmpty() { return found.isEmpty(); }

    void add(Place place, String sentence) {
        var problem = new Problem(place, sentence);
        if (!found.contains(problem)) found.add(problem);
    }

    /// @param node what it is about. Of one node the first problem is told: a rule that holds of no such value says nothing more
    void add(Node node, Place place, String sentence) {
        if (about.add(node)) add(place, sentence);
    }

    /// @throws UserError with a line for each, in the order of the file's lines, if there is any
    public void throwIfAny() {
        if (!found.isEmpty()) throw error();
    }

    /// Where there is one.
    public UserError error() {
        var sorted = found.stream().sorted(Comparator.comparingInt(problem -> problem.place().line())).toList(); // stable
        String more = sorted.size() > SHOWN ? "\nand " + (sorted.size() - SHOWN) + " more" : "";
        return new UserError(sorted.stream().limit(SHOWN).map(problem -> problem.place() + ": " + problem.sentence()).collect(joining("\n"))
                + more);
    }
}
