package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.trainer.recipe.binding.Names;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;

/// Rules of a stage's learning rates: each names a part or a group, each group has one.
final class Rates {
    private Rates() {}

    static void check(Map<String, Double> lr, Map<String, Group> groups) {
        checkArgument(!lr.isEmpty(), "lr must name at least one part to train");
        var known = Stream.concat(Arrays.stream(Part.values()).map(Names::constant), groups.keySet().stream()).toList();
        lr.forEach((name, rate) -> {
            checkArgument(known.contains(name), "lr.%s must be a part or one of the stage's groups.%s", name,
                    Names.suggestion(name, known));
            checkArgument(rate > 0, "lr.%s must be more than 0, but is %s (leave out a part that is not trained)", name, rate);
            Bound.POSITIVE.check("lr." + name, rate.doubleValue());
        });
        groups.keySet().forEach(name -> {
            checkArgument(Arrays.stream(Part.values()).noneMatch(part -> Names.constant(part).equals(name)),
                    "groups.%s must have another name: that is a part's", name);
            checkArgument(lr.containsKey(name), "groups.%s must have a learning rate in lr", name);
        });
    }

    static boolean reaches(Map<String, Double> lr, Map<String, Group> groups, Part part) {
        boolean narrower = part == Part.LLM && lr.containsKey(Names.constant(Part.EMBEDDINGS))
                || part == Part.DIT && lr.containsKey(Names.constant(Part.PROJECTIONS));
        return lr.containsKey(Names.constant(part)) || narrower
                || groups.values().stream().anyMatch(group -> group.part() == part || group.names() != null && group.part() == null
                        && group.names().stream().anyMatch(pattern -> mayName(pattern, part)));
    }

    /// By the beginning of the names: `llm.` or `dit.`.
    private static boolean mayName(String pattern, Part part) {
        return switch (part) {
            case LLM, EMBEDDINGS -> pattern.startsWith("llm") || pattern.startsWith("*");
            case DIT, PROJECTIONS -> pattern.startsWith("dit") || pattern.startsWith("*");
            case ALIGNMENT -> pattern.startsWith("alignment") || pattern.startsWith("*");
            case LLM_ADAPTER -> pattern.contains("lora_") && !pattern.startsWith("dit");
            case DIT_ADAPTER -> pattern.contains("lora_") && !pattern.startsWith("llm");
        };
    }
}
