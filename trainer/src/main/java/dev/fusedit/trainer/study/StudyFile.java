package dev.fusedit.trainer.study;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Ordering;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.binding.Binder;
import dev.fusedit.trainer.recipe.binding.Canonical;
import dev.fusedit.trainer.recipe.binding.Node;
import dev.fusedit.trainer.recipe.binding.Problems;
import dev.fusedit.trainer.recipe.binding.Where;
import dev.fusedit.trainer.recipe.binding.YamlTree;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

@Doc("A controlled study: one recipe in several arms.")
public record StudyFile(
        String name,
        @Doc("what it is to answer, in a sentence") String question,
        @Doc("the recipe of all arms: a name, or a .yaml file beside this one") String base,
        @Doc("changes of it in all arms, as '--set' takes them") @Default("[]") List<String> set,
        @Doc("keys and the values that they are given; each combination is an arm") @Default("[]") List<Axis> axes,
        @Doc("or the arms one by one") @Default("[]") List<ArmEntry> arms,
        @Doc("the arm that others are compared with; the first if left out") @Nullable String reference,
        @Doc("one run of each arm for each; at least 6 for a verdict") List<Long> seeds,
        Budget budget,
        @Doc("how each arm finds its learning rate; those of the recipe if left out") @Nullable Tuning tuning,
        @Doc("what decides") Endpoint endpoint,
        @Doc("images of the validation loss and pairs of the caption gap; 512 and 96 if left out") @Nullable Integer samples,
        @Doc("captioned images that no arm trains on, for data of one's own") @Nullable String captioned) {
    static final int LEAST_SEEDS = 6;

    public StudyFile {
        checkArgument(name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*"), "name must be letters, digits, '-', '_' or '.', but is '%s'", name);
        checkArgument(axes.isEmpty() != arms.isEmpty(), "axes must be given, or else arms, and not both");
        checkArgument(arms.isEmpty() || arms.size() > 1, "arms must be at least two, or nothing is compared");
        checkArgument(seeds.size() > 1 && new HashSet<>(seeds).size() == seeds.size(),
                "seeds must be at least two different ones (6 for a verdict), but is %s", seeds);
        checkArgument(tuning == null || !seeds.contains(tuning.seed), "tuning.seed must not be one of the seeds, but is %s",
                tuning == null ? "" : tuning.seed);
        Bound.IMAGES.check("samples", samples);
        set = ImmutableList.copyOf(set);
        axes = ImmutableList.copyOf(axes);
        arms = ImmutableList.copyOf(arms);
        seeds = ImmutableList.copyOf(seeds);
    }

    /// What tries of learning rates are judged by.
    Metric triedBy() { return tuning == null || tuning.metric == null ? endpoint.metric : tuning.metric; }

    /// With further changes in all arms.
    StudyFile with(List<String> changes) {
        return new StudyFile(name, question, base, ImmutableList.<String>builder().addAll(set).addAll(changes).build(), axes, arms,
                reference,
                seeds, budget, tuning, endpoint, samples, captioned);
    }

    @Doc("A key of the recipe and the values that it is given.")
    public record Axis(@Doc("as '--set' takes it: model.fusion") String key,
            @Doc("texts; blocks in quotes: '{kind: dual-stream, adapter_layers: 1}'") List<String> values) {
        public Axis {
            checkArgument(values.size() > 1 && new HashSet<>(values).size() == values.size(),
                    "values must be at least two different ones, but is %s", values);
            values = ImmutableList.copyOf(values);
        }
    }

    @Doc("One arm.")
    public record ArmEntry(String name,
            @Doc("what it changes, as '--set' takes it") @Default("[]") List<String> set,
            @Doc("the arm that it is compared with; the study's reference if left out") @Nullable String against,
            @Doc("further learning rates, as multiples of the one that is tuned: stages.fuse.lr.llm: 0.1") @Default("{}") Map<String,
                    Double> rates) {
        public ArmEntry {
            checkArgument(name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*"), "name must be letters, digits, '-', '_' or '.', but is '%s'", name);
            rates.values().forEach(factor -> Bound.POSITIVE.check("rates", factor));
            set = ImmutableList.copyOf(set);
            rates = ImmutableMap.copyOf(rates);
        }
    }

    @Doc("The learning rate, tried over the same values in every arm with a seed that is not the study's. Where the best of some arm lies "
            + "at the edge, the values are widened for all.")
    public record Tuning(@Doc("stages.fuse.lr.dit") String key,
            @Doc("growing, evenly in ratio") List<Double> values,
            long seed,
            @Doc("of the budget, for each try") @Default("0.3333") double share,
            @Doc("how many times at most") @Default("2") int widen,
            @Doc("what tries are judged by; the endpoint if left out") @Nullable Metric metric) {
        public Tuning {
            values.forEach(value -> Bound.POSITIVE.check("values", value));
            checkArgument(values.size() > 1 && Ordering.natural().isStrictlyOrdered(values),
                    "values must be at least two and grow, but is %s",
                    values);
            checkArgument(share > 0 && share <= 1, "share must be more than 0 and at most 1, but is %s", share);
            Bound.LAYERS.checkOrNone("widen", widen);
            values = ImmutableList.copyOf(values);
        }
    }

    @Doc("The one number that decides, fixed before the first run.")
    public record Endpoint(Metric metric,
            @Doc("what a model reaches that learned nothing of it: where the best arm is no better, the table tells nothing. 0 for a caption "
                    + "gap and for scores") @Nullable Double floor) {
        public Endpoint {
            checkArgument(floor != null || metric.usualFloor().isPresent(), "floor must be given with %s", metric.word());
        }

        double least() { return floor != null ? floor : metric.usualFloor().orElseThrow(); }
    }

    /// @param file what errors call it
    /// @throws UserError with all that is wrong
    public static StudyFile parse(String yaml, String file) {
        var problems = new Problems();
        var origin = "study " + file;
        return switch (YamlTree.read(yaml, origin, problems)) {
            case Node.Block block when block.entries().containsKey("stages") -> throw new UserError(
                    origin + ": is a recipe. A study names one as its 'base'; to train it: ./fusedit train " + file);
            case Node.Block block -> Binder.bind(StudyFile.class, block, new Where("the study", ""), problems);
            case Node.Broken _ -> throw problems.error();
            case Node.Empty other -> throw none(origin, other);
            case Node.Items other -> throw none(origin, other);
            case Node.Scalar other -> throw none(origin, other);
        };
    }

    private static UserError none(String origin, Node root) {
        return new UserError(origin + ": is not a study: a study is a block of keys, this is " + Node.describe(root));
    }

    /// As YAML with every default spelled out; reads back as itself.
    public String canonical() { return new Canonical(true).yaml(this); }
}
