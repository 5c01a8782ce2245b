package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Range;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.dit.GradientMask.Modality;
import dev.fusedit.fusion.dit.GradientMask.Tokens;
import dev.fusedit.fusion.dit.GradientMask;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Gradient-masked attention: which gradients flow from attention into keys and values. A type of the recipe's own, since it names presets
/// where [GradientMask] has the rules that they stand for; that one tells what each preset leaves to learn.
///
/// `factor` is what remains of the masked gradients: 0 for none.
public sealed interface GradientMaskRecipe {
    record None() implements GradientMaskRecipe {}

    @Doc("No flow loss into the language model: image → text.")
    record InsulateLlm(@Default("0") double factor, @Default("{}") Tokens tokens) implements GradientMaskRecipe {
        public InsulateLlm {
            checkFactor("factor", factor);
        }
    }

    @Doc("The image's own keys and values learn nothing from attention: image → image.")
    record TextOnly(@Default("0") double factor, @Default("{}") Tokens tokens) implements GradientMaskRecipe {
        public TextOnly {
            checkFactor("factor", factor);
        }
    }

    @Doc("The text's keys and values learn nothing from attention: text → text and image → text.")
    record ImageOnly(@Default("0") double factor, @Default("{}") Tokens tokens) implements GradientMaskRecipe {
        public ImageOnly {
            checkFactor("factor", factor);
        }
    }

    @Doc("Pairs and layers of one's own; where several rules name the same, the last one holds.")
    record Custom(@Default("[]") List<Rule> rules, @Default("{}") Tokens tokens) implements GradientMaskRecipe {
        public Custom {
            checkArgument(!rules.isEmpty() || !tokens.equals(Tokens.ALL), "rules must not be empty, or tokens must be given");
            rules = ImmutableList.copyOf(rules);
        }
    }

    record Rule(
            @Doc("whose rows look") Modality queries,
            @Doc("at whose keys and values they look; text does not look at the image") Modality keys,
            @Doc("first and last layer of the image side, both included; all if left out") @Nullable List<Integer> layers,
            double factor) {
        public Rule {
            checkArgument(queries != Modality.TEXT || keys == Modality.TEXT,
                    "keys must be text where queries are: text never sees the image");
            checkArgument(layers == null || layers.size() == 2 && layers.getFirst() >= 0 && layers.getFirst() <= layers.getLast(),
                    "layers must be the first and the last layer, counted from 0, but is %s", layers);
            checkFactor("factor", factor);
            layers = layers == null ? null : ImmutableList.copyOf(layers);
        }

        GradientMask.Rule rule() {
            return new GradientMask.Rule(queries, keys, layers == null ? Range.all() : Range.closed(layers.getFirst(), layers.getLast()),
                    factor);
        }
    }

    /// The models' mask: the rules that a preset stands for.
    default GradientMask mask() {
        return switch (this) {
            case None() -> GradientMask.NONE;
            case InsulateLlm(var factor, var tokens) -> GradientMask.insulateLlm(factor).with(tokens);
            case TextOnly(var factor, var tokens) -> GradientMask.textOnly(factor).with(tokens);
            case ImageOnly(var factor, var tokens) -> GradientMask.imageOnly(factor).with(tokens);
            case Custom(var rules, var tokens) -> new GradientMask(rules.stream().map(Rule::rule).toList(), tokens);
        };
    }

    private static void checkFactor(String key, double factor) {
        checkArgument(factor >= 0 && factor <= 1, "%s must lie in 0 to 1, but is %s", key, factor);
    }
}
