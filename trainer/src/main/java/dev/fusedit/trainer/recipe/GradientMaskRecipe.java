package dev.fusedit.trainer.recipe;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.recipe.binding.Default;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Gradient-masked attention: which gradients flow from attention into keys and values, as in [dev.fusedit.fusion.dit.GradientMaskRecipe],
/// which tells what each preset leaves to learn.
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
            checkArgument(!rules.isEmpty() || !tokens.equals(new Tokens(1, 1, 1)), "rules must not be empty, or tokens must be given");
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
    }

    enum Modality { TEXT, IMAGE }

    @Doc("Factors of single text tokens, multiplied with those of their pair.")
    record Tokens(
            @Doc("tokens of the prompt's instruction prefix") @Default("1") double instruction,
            @Doc("tokens behind the prompt") @Default("1") double padding,
            @Doc("all tokens of a caption that was dropped") @Default("1") double dropped) {
        public Tokens {
            checkFactor("instruction", instruction);
            checkFactor("padding", padding);
            checkFactor("dropped", dropped);
        }
    }

    /// Whether any gradient of the flow loss reaches the language model through attention.
    default boolean lets(Modality queries, Modality keys) {
        return switch (this) {
            case None() -> true;
            case InsulateLlm(var factor, var _) -> factor > 0 || !(queries == Modality.IMAGE && keys == Modality.TEXT);
            case TextOnly(var factor, var _) -> factor > 0 || !(queries == Modality.IMAGE && keys == Modality.IMAGE);
            case ImageOnly(var factor, var _) -> factor > 0 || keys != Modality.TEXT;
            case Custom(var rules, var _) -> rules.reversed().stream()
                    .filter(rule -> rule.queries == queries && rule.keys == keys && rule.layers == null).findFirst()
                    .map(rule -> rule.factor > 0).orElse(true);
        };
    }

    private static void checkFactor(String key, double factor) {
        checkArgument(factor >= 0 && factor <= 1, "%s must lie in 0 to 1, but is %s", key, factor);
    }
}
