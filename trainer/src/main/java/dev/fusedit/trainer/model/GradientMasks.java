package dev.fusedit.trainer.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Range;
import dev.fusedit.fusion.dit.GradientMask.Modality;
import dev.fusedit.fusion.dit.GradientMask;
import dev.fusedit.trainer.recipe.GradientMaskRecipe.Custom;
import dev.fusedit.trainer.recipe.GradientMaskRecipe.ImageOnly;
import dev.fusedit.trainer.recipe.GradientMaskRecipe.InsulateLlm;
import dev.fusedit.trainer.recipe.GradientMaskRecipe.None;
import dev.fusedit.trainer.recipe.GradientMaskRecipe.Rule;
import dev.fusedit.trainer.recipe.GradientMaskRecipe.TextOnly;
import dev.fusedit.trainer.recipe.GradientMaskRecipe.Tokens;

/// From a recipe's gradient mask to the models'.
public final class GradientMasks {
    private GradientMasks() {}

    public static GradientMask of(dev.fusedit.trainer.recipe.GradientMaskRecipe mask) {
        return switch (mask) {
            case None() -> GradientMask.NONE;
            case InsulateLlm(var factor, var tokens) -> GradientMask.insulateLlm(factor).with(tokens(tokens));
            case TextOnly(var factor, var tokens) -> GradientMask.textOnly(factor).with(tokens(tokens));
            case ImageOnly(var factor, var tokens) -> GradientMask.imageOnly(factor).with(tokens(tokens));
            case Custom(var rules, var tokens) ->
                    new GradientMask(rules.stream().map(GradientMasks::rule).collect(ImmutableList.toImmutableList()), tokens(tokens));
        };
    }

    private static GradientMask.Rule rule(Rule rule) {
        Range<Integer> layers = rule.layers() == null ? Range.all() : Range.closed(rule.layers().getFirst(), rule.layers().getLast());
        return new GradientMask.Rule(modality(rule.queries()), modality(rule.keys()), layers, rule.factor());
    }

    private static Modality modality(dev.fusedit.trainer.recipe.GradientMaskRecipe.Modality modality) {
        return switch (modality) {
            case TEXT -> Modality.TEXT;
            case IMAGE -> Modality.IMAGE;
        };
    }

    private static GradientMask.Tokens tokens(Tokens tokens) {
        return new GradientMask.Tokens(tokens.instruction(), tokens.padding(), tokens.dropped());
    }
}
