package dev.fusedit.trainer.study;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.NearFiles;
import dev.fusedit.torch.io.TextFile;
import dev.fusedit.trainer.plan.Capacity;
import dev.fusedit.trainer.plan.Plan;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Run;
import dev.fusedit.trainer.recipe.binding.Names;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/// A study's file, checked: every arm is a recipe that can be trained.
///
/// @param source the file
/// @param out where runs and tables go
public record Study(Path source, StudyFile file, Path out, ImmutableList<Arm> arms) {
    private static final Path STUDIES = Path.of("runs", "studies");

    /// As written.
    public static Study read(Path source, Optional<Path> out) { return read(source, List.of(), out); }

    /// @param changes of the recipe in all arms, beside the file's own
    /// @param out `runs/studies/NAME` if left out
    /// @throws UserError naming file and place of whatever is wrong, or the arm that is none
    public static Study read(Path source, List<String> changes, Optional<Path> out) {
        if (!Files.isRegularFile(source)) {
            var near = NearFiles.hint(source);
            throw new UserError("study %s: no such file%s".formatted(source,
                    near.isEmpty() ? ". The ones that come along are in recipes/studies" : near));
        }
        return of(source, StudyFile.parse(TextFile.read(source, "a study"), source.toString()).with(changes), out);
    }

    private static Study of(Path source, StudyFile file, Optional<Path> out) {
        var study = new Study(source, file, out.orElse(usualOut(file)), Arm.of(file));
        var names = new HashSet<String>();
        for (var arm : study.arms) {
            if (!names.add(arm.name())) throw study.wrong("two arms are named '%s'".formatted(arm.name()));
            if (file.tuning() == null && !arm.rates().isEmpty())
                throw study.wrong(
                        "arm '%s' has 'rates', multiples of the one that is tuned, and there is no 'tuning'".formatted(arm.name()));
        }
        if (file.reference() != null) study.requireArm("reference", file.reference(), names);
        study.arms.forEach(arm -> arm.against()
                .ifPresent(against -> study.requireArm("against of arm '%s'".formatted(arm.name()), against, names)));
        var lasting = study.lasting();
        for (var arm : lasting.arms) {
            lasting.cell(arm, file.seeds().getFirst(), lasting.firstRate());
            if (file.tuning() != null) lasting.trial(file.tuning(), arm, file.tuning().values().getFirst());
        }
        return lasting;
    }

    /// Where runs and tables go unless a person says otherwise.
    static Path usualOut(StudyFile file) { return STUDIES.resolve(file.name()); }

    /// With each arm's steps by the budget, which are counted once: neither seed nor rate changes them.
    private Study lasting() {
        return new Study(source, file, out, arms.stream().map(arm -> {
            var recipe = cell(arm, file.seeds().getFirst(), firstRate()).recipe();
            if (recipe.run().precision() == Run.Precision.AUTO)
                throw wrong(arm,
                        "run.precision is auto, which a cell could decide otherwise than another. Set it: set: [run.precision=bf16]");
            try {
                return arm.lasting(file.budget().steps(recipe));
            } catch (UserError e) {
                throw wrong(arm, e.getMessage());
            }
        }).collect(ImmutableList.toImmutableList()));
    }

    private void requireArm(String key, String name, Set<String> names) {
        if (!names.contains(name)) throw wrong("%s: no arm is named '%s'.%s".formatted(key, name, Names.suggestion(name, names)));
    }

    private Arm arm(String name) { return arms.stream().filter(arm -> arm.name().equals(name)).findFirst().orElseThrow(); }

    /// The arm that others are compared with.
    public Arm reference() { return file.reference() == null ? arms.getFirst() : arm(file.reference()); }

    /// What an arm is compared with; empty for the reference itself.
    Optional<Arm> reference(Arm arm) {
        return arm.against().map(this::arm).or(() -> Optional.of(reference())).filter(other -> !other.equals(arm));
    }

    /// Any of those that are tried; empty where none is tuned.
    OptionalDouble firstRate() {
        return file.tuning() == null ? OptionalDouble.empty() : OptionalDouble.of(file.tuning().values().getFirst());
    }

    /// Of the reference's training: all arms are judged alike, whatever theirs is.
    NoiseShares levels() { return NoiseShares.of(cell(reference(), file.seeds().getFirst(), firstRate()).recipe()); }

    // ---- cells

    /// A run that counts.
    ///
    /// @throws UserError if the recipe refuses what the arm changes
    public Cell cell(Arm arm, long seed, OptionalDouble rate) {
        return cell("%s, seed %d".formatted(arm.name(), seed), arm, seed, rate, 1, file.endpoint().metric(), List.of(),
                out.resolve("cells").resolve(arm.name()).resolve("seed-" + seed));
    }

    /// A run that a learning rate is tried by: nothing is scored that does not decide.
    Cell trial(StudyFile.Tuning tuning, Arm arm, double rate) {
        boolean scored = switch (file.triedBy()) {
            case SEEN, HELDOUT, PARAPHRASE -> true;
            case VALIDATION_FLOW, CAPTION_GAP, CAPTION_ACCURACY, CAPTION_PERPLEXITY, TEXT_PERPLEXITY -> false;
        };
        return cell("%s, rate %s".formatted(arm.name(), Rate.text(rate)), arm, tuning.seed(), OptionalDouble.of(rate), tuning.share(),
                file.triedBy(),
                scored ? List.of() : List.of("evaluation.sets=[]"),
                out.resolve("tuning").resolve(arm.name()).resolve("rate-" + Rate.text(rate)));
    }

    private Cell cell(String name, Arm arm, long seed, OptionalDouble rate, double share, Metric endpoint, List<String> more,
            Path folder) {
        var settings = new ArrayList<>(file.set());
        settings.addAll(rate.isPresent() && file.tuning() != null ? arm.at(file.tuning().key(), rate.getAsDouble()) : arm.settings());
        settings.addAll(more);
        settings.add("run.seed=" + seed);
        arm.steps().ifPresent(
                steps -> settings.add(file.budget().stepsKey() + "=" + (share == 1 ? steps : Math.max(1, Math.round(steps * share)))));
        try {
            return new Cell(name, arm, seed, rate, endpoint, folder, Recipe.find(base(), settings),
                    train(settings, share, folder), measure(folder),
                    file.samples() == null ? OptionalInt.empty() : OptionalInt.of(file.samples()),
                    Optional.ofNullable(file.captioned()).map(Path::of));
        } catch (UserError e) {
            throw wrong(arm, e.getMessage());
        }
    }

    private ImmutableList<String> train(List<String> settings, double share, Path folder) {
        var words = new ArrayList<>(List.of("train", base(), "--out", folder.toString()));
        settings.forEach(setting -> words.addAll(List.of("--set", setting)));
        switch (file.budget()) {
            case Budget.Flops _ -> {}
            case Budget.Samples _ -> {}
            case Budget.Minutes(var minutes) -> words.addAll(List.of("--minutes", Rate.text(minutes * share)));
        }
        return ImmutableList.copyOf(words);
    }

    private ImmutableList<String> measure(Path folder) {
        var words = new ArrayList<>(List.of("eval", "--model", folder.toString(), "--suite", "loss,consistency", "--out",
                Cell.evaluation(folder).toString()));
        if (file.samples() != null) words.addAll(List.of("--samples", "" + file.samples()));
        if (file.captioned() != null) words.addAll(List.of("--captioned", file.captioned()));
        return ImmutableList.copyOf(words);
    }

    /// The recipe's name, or its file as seen from here.
    String base() { return baseIn(Objects.requireNonNullElse(source.getParent(), Path.of(""))); }

    /// @param folder of the study's file
    String baseIn(Path folder) {
        return file.base().endsWith(".yaml") || file.base().endsWith(".yml") ? folder.resolve(file.base()).toString() : file.base();
    }

    // ---- this machine

    /// How many cells run side by side: as many as their lanes and their memory leave room for; one where lanes are left to the machine, or
    /// time is what is equal.
    ///
    /// @param cores that this process may use
    /// @throws UserError if memory does not hold one
    public int sideBySide(int cores) {
        int most = Integer.MAX_VALUE;
        for (var arm : arms) {
            var plan = Plan.of(cell(arm, file.seeds().getFirst(), firstRate()).recipe()).requireFits();
            most = (int) Math.min(most, Capacity.of(plan.recipe().run().device()).bytes() / plan.demanding().memory().total());
        }
        return Math.max(1, Math.min(most, switch (file.budget()) {
            case Budget.Minutes _ -> 1;
            case Budget.Flops _ -> byLanes(cores);
            case Budget.Samples _ -> byLanes(cores);
        }));
    }

    private int byLanes(int cores) {
        return arms.stream().map(arm -> cell(arm, file.seeds().getFirst(), firstRate()).recipe().run())
                .mapToInt(run -> run.lanes().isPresent() && run.device() == Run.Device.CPU ? cores / run.lanes().getAsInt() : 1).min()
                .orElse(1);
    }

    private UserError wrong(Arm arm, String sentence) { return wrong("arm '%s': %s".formatted(arm.name(), sentence)); }

    UserError wrong(String sentence) { return new UserError("study %s: %s".formatted(source, sentence)); }
}
