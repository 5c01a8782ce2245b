package dev.fusedit.trainer.study;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// One of the things that are compared.
///
/// @param settings what it changes in the recipe
/// @param against the arm that it is compared with; the study's reference unless given
/// @param rates further learning rates by key, as multiples of the one that is tuned
/// @param steps of the budget's stage; empty where time is what is equal
public record Arm(String name, ImmutableList<String> settings, Optional<String> against, ImmutableMap<String, Double> rates,
        OptionalLong steps) {
    static ImmutableList<Arm> of(StudyFile file) {
        return file.axes().isEmpty()
                ? file.arms().stream().map(arm -> new Arm(arm.name(), ImmutableList.copyOf(arm.set()), Optional.ofNullable(arm.against()),
                        ImmutableMap.copyOf(arm.rates()), OptionalLong.empty()))
                        .collect(ImmutableList.toImmutableList())
                : Lists.cartesianProduct(Lists.transform(file.axes(), StudyFile.Axis::values)).stream()
                        .map(values -> combination(file.axes(), values)).collect(ImmutableList.toImmutableList());
    }

    private static Arm combination(List<StudyFile.Axis> axes, List<String> values) {
        var settings = IntStream.range(0, axes.size()).mapToObj(i -> axes.get(i).key() + "=" + values.get(i))
                .collect(ImmutableList.toImmutableList());
        return new Arm(values.stream().map(Arm::word).collect(Collectors.joining("+")), settings, Optional.empty(),
                ImmutableMap.of(), OptionalLong.empty());
    }

    Arm lasting(OptionalLong other) { return new Arm(name, settings, against, rates, other); }

    /// A value as a part of a folder's name.
    private static String word(String value) { return value.replaceAll("[^A-Za-z0-9_.-]+", "-").replaceAll("^-+|-+$", ""); }

    /// All that it changes at a learning rate, as `--set` takes it.
    List<String> at(String key, double rate) {
        var all = new ArrayList<>(settings);
        all.add(key + "=" + Rate.text(rate));
        rates.forEach((other, factor) -> all.add(other + "=" + Rate.text(rate * factor)));
        return all;
    }
}
