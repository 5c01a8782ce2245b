package dev.fusedit.trainer.model;

import dev.fusedit.nn.LoraAdapter;
import dev.fusedit.trainer.recipe.Group;
import dev.fusedit.trainer.recipe.Part;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.recipe.binding.Names;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A stage's parameter groups: which learning rate a parameter has, that of the last group that names it, else of the narrowest part.
public record ParameterGroups(Stage stage) {
    private static final Pattern LAYER = Pattern.compile("(llm|dit)\\.layers\\.(\\d+)\\..*");
    private static final Pattern PROJECTION =
            Pattern.compile("dit\\.(context_embedder\\..*|layers\\.\\d+\\.(self_attn\\.text_|cross_attn\\.).*)");

    /// Name of the rate in the stage's `lr`; null for a parameter that is frozen in the whole stage.
    public @Nullable String of(String parameter) {
        String found = null;
        for (var group : stage.groups().entrySet()) {
            if (names(group.getValue(), parameter)) {
                found = group.getKey();
            }
        }
        return found != null ? found : part(parameter);
    }

    /// The step of the stage, counted from 0, from which a parameter is trained: 0 for most, later for layers that unfreeze.
    public long unfreezesAt(String parameter) {
        var group = stage.groups().get(of(parameter));
        if (group == null || group.thaw() == null || group.layers() == null) {
            return 0;
        }
        return (long) group.thaw().every() * (group.layers().getLast() - layer(parameter));
    }

    private @Nullable String part(String parameter) {
        var lr = stage.lr();
        if (parameter.startsWith("alignment.")) {
            return lr.containsKey(word(Part.ALIGNMENT)) ? word(Part.ALIGNMENT) : lr.containsKey(word(Part.DIT)) ? word(Part.DIT) : null;
        }
        if (LoraAdapter.isPart(parameter)) {
            var own = word(parameter.startsWith("llm.") ? Part.LLM_ADAPTER : Part.DIT_ADAPTER);
            return lr.containsKey(own) ? own : null;
        }
        if (isEmbedding(parameter) && lr.containsKey(word(Part.EMBEDDINGS))) {
            return word(Part.EMBEDDINGS);
        }
        if (PROJECTION.matcher(parameter).matches() && lr.containsKey(word(Part.PROJECTIONS))) {
            return word(Part.PROJECTIONS);
        }
        var wide = word(parameter.startsWith("llm.") ? Part.LLM : Part.DIT);
        return lr.containsKey(wide) ? wide : null;
    }

    private static boolean names(Group group, String parameter) {
        return (group.part() == null || isOf(group.part(), parameter))
                && (group.names() == null || group.names().stream().anyMatch(pattern -> fits(pattern, parameter)))
                && (group.layers() == null
                        || layer(parameter) >= group.layers().getFirst() && layer(parameter) <= group.layers().getLast());
    }

    private static boolean isOf(Part part, String parameter) {
        return switch (part) {
            case DIT -> parameter.startsWith("dit.") && !LoraAdapter.isPart(parameter);
            case LLM -> parameter.startsWith("llm.") && !LoraAdapter.isPart(parameter);
            case PROJECTIONS -> PROJECTION.matcher(parameter).matches();
            case EMBEDDINGS -> isEmbedding(parameter);
            case ALIGNMENT -> parameter.startsWith("alignment.");
            case LLM_ADAPTER -> parameter.startsWith("llm.") && LoraAdapter.isPart(parameter);
            case DIT_ADAPTER -> parameter.startsWith("dit.") && LoraAdapter.isPart(parameter);
        };
    }

    private static boolean isEmbedding(String parameter) { return parameter.startsWith("llm.embed_tokens."); }

    /// -1 outside of layers.
    private static int layer(String parameter) {
        Matcher matcher = LAYER.matcher(parameter);
        return matcher.matches() ? Integer.parseInt(matcher.group(2)) : -1;
    }

    private static boolean fits(String pattern, String parameter) {
        var regex = Pattern.quote(pattern).replace("*", "\\E.*\\Q");
        return parameter.matches(regex);
    }

    private static String word(Part part) { return Names.constant(part); }
}
