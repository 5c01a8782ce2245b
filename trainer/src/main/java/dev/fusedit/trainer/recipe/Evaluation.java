package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import dev.fusedit.fusion.config.Rules;
import dev.fusedit.trainer.recipe.binding.Names;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

@Doc("What is scored at the end of a run, and what is watched on the way.")
public record Evaluation(
        @Doc("of the built-in data; all of them with it, none with other data if left out") @Nullable List<ScoreSet> sets,
        @Doc("prompts of each kind in each set, one image each") @Default("48") int promptsPerKind,
        @Doc("of the noise from which the scored images are sampled") @Default("0") long seed,
        @Doc("losses on images that are never trained on; none if left out") @Nullable Validation validation,
        @Doc("steps between two evaluations by suites while the model is trained, in stages with a flow loss, whose end has one too; none if "
                + "left out") @Nullable Integer every,
        @Doc("what these evaluations are of; the sets above with few prompts if left out") @Nullable Progress progress) {
    public Evaluation {
        checkArgument(sets == null || sets.stream().distinct().count() == sets.size(), "sets must not name one twice, but is %s", sets);
        Bound.IMAGES.check("prompts_per_kind", promptsPerKind);
        Bound.STEPS.check("every", every);
        checkArgument(every != null || progress == null, "progress must be left out where there is no 'every': nothing is evaluated then");
        if (every != null && progress == null) progress = Progress.USUAL;
        sets = sets == null ? null : ImmutableList.copyOf(sets);
    }

    /// Of sets of Blocks alone: nothing on the way.
    public Evaluation(@Nullable List<ScoreSet> sets, int promptsPerKind, long seed) { this(sets, promptsPerKind, seed, null, null, null); }

    /// Those that are scored.
    public List<ScoreSet> scored() { return sets == null ? List.of() : sets; }

    /// What is evaluated while the model is trained.
    public Optional<Progress> watched() { return Optional.ofNullable(progress); }

    /// Whether an evaluation by suites follows a step.
    ///
    /// @param step over all stages
    /// @param stageEnds whether it is the stage's last
    public boolean isDue(Stage stage, long step, boolean stageEnds) {
        return every != null && stage.losses().flow() != null && (step % every == 0 || stageEnds);
    }

    /// With what was left to the data decided.
    Evaluation settled(boolean builtIn) {
        return sets != null ? this : with(builtIn ? List.of(ScoreSet.values()) : List.of());
    }

    private Evaluation with(@Nullable List<ScoreSet> other) {
        return Rules.told(() -> new Evaluation(other, promptsPerKind, seed, validation, every, progress));
    }

    /// Whether its sets are those of a recipe that names none.
    boolean isUsual(boolean builtIn) { return equals(with(null).settled(builtIn)); }

    /// Whether a recipe's data have what is evaluated on the way.
    void check(boolean builtIn) {
        if (progress == null) return;
        for (var suite : progress.suites) {
            var key = "evaluation.progress.suites must not have " + suite.key() + ": ";
            switch (suite) {
                case BLOCKS -> checkArgument(builtIn && !scored().isEmpty(), key + "%s",
                        builtIn ? "evaluation.sets is empty" : "it is of the built-in data");
                case PAIRS -> checkArgument(builtIn, key + "it is of the built-in data");
                case DIVERSITY -> checkArgument(builtIn || progress.promptFile != null,
                        key + "without progress.prompt_file it is of the built-in data");
                case CONSISTENCY -> requireCaptioned(key, builtIn);
                case LOSS -> requireCaptioned(key, builtIn);
                case CLIP -> {}
                case REFERENCE -> {}
                case GENEVAL -> {}
                case DPG -> {}
            }
        }
    }

    private void requireCaptioned(String key, boolean builtIn) {
        checkArgument(builtIn || progress != null && progress.captioned != null,
                key + "it needs progress.captioned, images that are not trained on. evaluation.validation holds some of the data out");
    }

    public enum ScoreSet {
        SEEN, HELDOUT, PARAPHRASE;

        /// As options list it.
        @Override
        public String toString() { return Names.constant(this); }
    }

    @Doc("The flow loss at fixed noise and times, by bins of the noise level, and the captions' perplexity.")
    public record Validation(
            @Doc("steps between two of them; the end of a stage has one too") @Default("200") int every,
            @Doc("images, the same ones each time") @Default("60") int samples,
            @Doc("of the noise level between 0 and 1") @Default("5") int bins,
            @Default("0") long seed,
            @Doc("whether perplexities of captions and sentences are measured; where some stage trains the language model if left out. They mean "
                    + "something where all of its layers are there") @Nullable Boolean texts) {
        public Validation {
            Bound.STEPS.check("every", every);
            Bound.IMAGES.check("samples", samples);
            checkArgument(bins > 0 && samples % bins == 0, "bins must divide the %s samples, but is %s", samples, bins);
        }
    }

    @Doc("Suites, as 'eval' has them, of the model that is being trained, with the weights that images are sampled with.")
    public record Progress(
            @Doc("as 'eval --suite' takes them, but for those whose images another program judges") @Default("[blocks]") List<
                    SuiteName> suites,
            @Doc("of Blocks: prompts of each kind in each of evaluation.sets") @Default("8") int promptsPerKind,
            @Doc("images a prompt; the suite's own number if left out, which for prompts of a file is 1") @Nullable Integer images,
            @Doc("images of a loss, pairs of captions, images of each side of a distance; the suite's own number if left out") @Nullable Integer samples,
            @Doc("a file with a prompt a line: for clip, reference and diversity") @Nullable String promptFile,
            @Doc("a CLIP model's folder: for clip, reference and diversity") @Nullable String clip,
            @Doc("a DINOv2's folder: for reference and diversity") @Nullable String dino,
            @Doc("the FID's Inception v3: for reference") @Nullable String inception,
            @Doc("a folder of images: for reference") @Nullable String reference,
            @Doc("captioned images that are not trained on: for consistency and loss") @Nullable String captioned) {
        private static final int FEW = 8;
        static final Progress USUAL = new Progress(List.of(SuiteName.BLOCKS), FEW, null, null, null, null, null, null, null, null);

        public Progress {
            checkArgument(!suites.isEmpty(), "suites must name one at least");
            var names = new HashSet<SuiteName>();
            for (var suite : suites) {
                checkArgument(names.add(suite), "suites must not name one twice, but has %s again", suite.key());
                checkArgument(suite != SuiteName.GENEVAL && suite != SuiteName.DPG,
                        "suites must not have %s: another program judges its images. Evaluate checkpoints by 'eval'", suite.key());
            }
            Bound.IMAGES.check("prompts_per_kind", promptsPerKind);
            Bound.IMAGES.check("images", images);
            Bound.IMAGES.check("samples", samples);
            suites = ImmutableList.copyOf(suites);
            files(promptFile, clip, dino, inception, reference, captioned).forEach((file, path) -> {
                PathText.check(file.key(), path);
                checkArgument(file.suites().stream().anyMatch(names::contains), "%s must be left out: it is read by %s alone", file.key(),
                        file.suites().stream().map(SuiteName::key).collect(Collectors.joining(", ")));
            });
            if (names.contains(SuiteName.CLIP)) {
                require(SuiteName.CLIP, clip != null, SuiteFile.CLIP_MODEL);
                require(SuiteName.CLIP, promptFile != null, SuiteFile.PROMPTS);
            }
            if (names.contains(SuiteName.REFERENCE)) {
                require(SuiteName.REFERENCE, reference != null, SuiteFile.REFERENCE_IMAGES);
                require(SuiteName.REFERENCE, inception != null || dino != null || clip != null, SuiteFile.INCEPTION, SuiteFile.DINO_MODEL,
                        SuiteFile.CLIP_MODEL);
            }
            if (names.contains(SuiteName.DIVERSITY) && promptFile != null)
                require(SuiteName.DIVERSITY, dino != null || clip != null, SuiteFile.DINO_MODEL, SuiteFile.CLIP_MODEL);
        }

        private static void require(SuiteName suite, boolean given, SuiteFile... files) {
            checkArgument(given, "%s must be given: suite %s needs it",
                    Stream.of(files).map(SuiteFile::key).collect(Collectors.joining(" or ")),
                    suite.key());
        }

        private static ImmutableMap<SuiteFile, String> files(@Nullable String promptFile, @Nullable String clip, @Nullable String dino,
                @Nullable String inception, @Nullable String reference, @Nullable String captioned) {
            var files = ImmutableMap.<SuiteFile, String>builder();
            if (promptFile != null) files.put(SuiteFile.PROMPTS, promptFile);
            if (clip != null) files.put(SuiteFile.CLIP_MODEL, clip);
            if (dino != null) files.put(SuiteFile.DINO_MODEL, dino);
            if (inception != null) files.put(SuiteFile.INCEPTION, inception);
            if (reference != null) files.put(SuiteFile.REFERENCE_IMAGES, reference);
            if (captioned != null) files.put(SuiteFile.CAPTIONED, captioned);
            return files.buildOrThrow();
        }

        /// Files that its suites read.
        public ImmutableMap<SuiteFile, Path> files() {
            var files = ImmutableMap.<SuiteFile, Path>builder();
            files(promptFile, clip, dino, inception, reference, captioned).forEach((file, path) -> files.put(file, Path.of(path)));
            return files.buildOrThrow();
        }
    }
}
