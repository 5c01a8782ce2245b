package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.trainer.recipe.binding.Names;
import java.util.List;
import org.jspecify.annotations.Nullable;

///     groups:
///       top: {part: llm, layers: [4, 5], thaw: {every: 200}}
///       norms: {names: ["*norm.weight"], weight_decay: 0}
@Doc("Parameters that have a learning rate of their own in a stage.")
public record Group(
        @Doc("of the model; all parts if left out") @Nullable Part part,
        @Doc("first and last layer (both included) of the language model or the DiT; all of the "
                + "part if left out") @Nullable List<Integer> layers,
        @Doc("patterns of parameter names in which '*' stands for any run of characters; all if left out") @Nullable List<String> names,
        @Doc("in place of the optimizer's") @Nullable Double weightDecay,
        @Doc("layers begin to learn one after the other; all at once if left out") @Nullable Thaw thaw) {
    public Group {
        checkArgument(part != null || names != null, "part must be given, or else names");
        checkArgument(layers == null || layers.size() == 2 && layers.getFirst() >= 0 && layers.getFirst() <= layers.getLast(),
                "layers must be the first and the last layer, counted from 0, but is %s", layers);
        checkArgument(layers == null || part == Part.LLM || part == Part.DIT, "layers must be of the part llm or dit, but part is %s",
                part == null ? "left out" : Names.constant(part));
        checkArgument(names == null || !names.isEmpty(), "names must not be empty");
        if (weightDecay != null) Bound.POSITIVE.checkOrNone("weight_decay", weightDecay.doubleValue());
        checkArgument(thaw == null || layers != null, "thaw must come with layers, which it takes one after the other");
        layers = layers == null ? null : ImmutableList.copyOf(layers);
        names = names == null ? null : ImmutableList.copyOf(names);
    }

    @Doc("Layers thaw step by step, the last layer first (Howard and Ruder 2018, arXiv 1801.06146, gradual unfreezing).")
    public record Thaw(
            @Doc("steps between two layers") int every) {
        public Thaw {
            Bound.STEPS.check("every", every);
        }
    }
}
