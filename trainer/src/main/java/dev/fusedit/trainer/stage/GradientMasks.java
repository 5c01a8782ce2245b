package dev.fusedit.trainer.stage;

import com.google.common.collect.Range;
import dev.fusedit.trainer.recipe.GradientMask;

/// From a recipe's gradient mask to the model's.
final class GradientMasks {
    private GradientMasks() {}

    static dev.fusedit.fusion.dit.GradientMask of(GradientMask mask) {
        return switch (mask) {
            case GradientMask.None() -> dev.fusedit.fusion.dit.GradientMask.NONE;
            case GradientMask.InsulateLlm(var factor, var tokens) ->
                    dev.fusedit.fusion.dit.GradientMask.insulateLlm(factor).with(tokens(tokens));
            case GradientMask.TextOnly(var factor, var tokens) -> dev.fusedit.fusion.dit.GradientMask.textOnly(factor).with(tokens(tokens));
            case GradientMask.ImageOnly(var factor, var tokens) ->
                    dev.fusedit.fusion.dit.GradientMask.imageOnly(factor).with(tokens(tokens));
            case GradientMask.Custom(var rules, var tokens) ->
                    new dev.fusedit.fusion.dit.GradientMask(rules.stream().map(GradientMasks::rule).toList(), tokens(tokens));
        };
    }

    private static dev.fusedit.fusion.dit.GradientMask.Rule rule(GradientMask.Rule rule) {
        var layers = rule.layers() == null ? Range.<Integer>all() : Range.closed(rule.layers().getFirst(), rule.layers().getLast());
        return new dev.fusedit.fusion.dit.GradientMask.Rule(modality(rule.queries()), modality(rule.keys()), layers, rule.factor());
    }

    private static dev.fusedit.fusion.dit.GradientMask.Modality modality(GradientMask.Modality modality) {
        return switch (modality) {
            case TEXT -> dev.fusedit.fusion.dit.GradientMask.Modality.TEXT;
            case IMAGE -> dev.fusedit.fusion.dit.GradientMask.Modality.IMAGE;
        };
    }

    private static dev.fusedit.fusion.dit.GradientMask.Tokens tokens(GradientMask.Tokens tokens) {
        return new dev.fusedit.fusion.dit.GradientMask.Tokens(tokens.instruction(), tokens.padding(), tokens.dropped());
    }
}
