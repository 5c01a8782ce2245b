package dev.fusedit.cli;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.torch.Device;
import dev.fusedit.trainer.eval.suite.EvaluationRun;
import dev.fusedit.trainer.recipe.SuiteFile;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.eval.suite.SuiteRequest;
import dev.fusedit.trainer.recipe.Evaluation;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/// What suites are measured on, and where their images go.
final class SuiteOptions {
    @Option(names = "--out", paramLabel = "DIR",
            description = "Keep images, a page and eval.json there. The same command goes on where it was stopped.")
    private @Nullable Path out;

    @Option(names = "--force", description = "With --out: images of another model or other settings are made again, not refused.")
    private boolean force;

    @Option(names = "-n", paramLabel = "K", description = "Images a prompt. Default: the suite's.")
    private @Nullable Integer each;

    @Option(names = "--samples", paramLabel = "N", description = "Images or captions that a metric is computed on. Default: the suite's.")
    private @Nullable Integer samples;

    @Option(names = "--seed", paramLabel = "S", description = "Of the noise. Default: the recipe's for Blocks, else 0.")
    private @Nullable Long seed;

    @Option(names = "--official", description = "Repeat the known quirks of the published scorers: DPG-Bench's, and FID's JPEG images.")
    private boolean official;

    @ArgGroup(exclusive = false, heading = "%nFiles that suites read:%n")
    private @Nullable Files files;

    static final class Files {
        @Option(names = "--prompt-file", paramLabel = "FILE", description = "clip, reference: a prompt a line, or MJHQ's meta_data.json.")
        private @Nullable Path prompts;

        @Option(names = "--geneval-prompts", paramLabel = "FILE", description = "geneval: its evaluation_metadata.jsonl.")
        private @Nullable Path genEvalPrompts;

        @Option(names = "--rewritten-prompts", paramLabel = "FILE",
                description = "geneval, dpg: a rewritten prompt a line, in their order.")
        private @Nullable Path rewritten;

        @Option(names = "--detections", paramLabel = "FILE", description = "geneval: what examples/geneval_detections.py wrote.")
        private @Nullable Path detections;

        @Option(names = "--dpg-prompts", paramLabel = "FILE",
                description = "dpg: its ids and prompts as JSON, or a folder of its .txt files.")
        private @Nullable Path dpgPrompts;

        @Option(names = "--dpg-questions", paramLabel = "FILE", description = "dpg: its dpg_bench.csv.")
        private @Nullable Path dpgQuestions;

        @Option(names = "--dpg-answers", paramLabel = "FILE", description = "dpg: what examples/dpg_answers.py wrote.")
        private @Nullable Path dpgAnswers;

        @Option(names = "--clip", paramLabel = "DIR", description = "clip, reference: a CLIP model in Hugging Face's form.")
        private @Nullable Path clip;

        @Option(names = "--dino", paramLabel = "DIR", description = "reference: a DINOv2 in Hugging Face's form.")
        private @Nullable Path dino;

        @Option(names = "--inception", paramLabel = "FILE",
                description = "reference: the FID's Inception v3 (.pt of TorchScript, .pth, .safetensors).")
        private @Nullable Path inception;

        @Option(names = "--reference", paramLabel = "DIR", description = "reference: a folder of images.")
        private @Nullable Path reference;

        @Option(names = "--captioned", paramLabel = "PLACE",
                description = "consistency, loss: captioned images. Default: the recipe's data.")
        private @Nullable Path captioned;
    }

    void check() {
        OptionBounds.check("-n", Bound.IMAGES, each);
        OptionBounds.check("--samples", Bound.IMAGES, samples);
    }

    /// Whether any of these was given.
    boolean isGiven() {
        return out != null || force || each != null || samples != null || seed != null || official || files != null;
    }

    /// Whether an encoder of images was given.
    boolean encodes() { return files != null && (files.clip != null || files.dino != null || files.inception != null); }

    Optional<EvaluationRun.Output> output() { return Optional.ofNullable(out).map(folder -> new EvaluationRun.Output(folder, force)); }

    boolean isForcedWithoutFolder() { return force && out == null; }

    SuiteRequest request(List<SuiteName> suites, Evaluation blocks, Device device) {
        return new SuiteRequest(ImmutableList.copyOf(suites), given(), blocks, of(each), of(samples),
                seed == null ? OptionalLong.empty() : OptionalLong.of(seed), official, device);
    }

    private static OptionalInt of(@Nullable Integer value) { return value == null ? OptionalInt.empty() : OptionalInt.of(value); }

    private ImmutableMap<SuiteFile, Path> given() {
        if (files == null) return ImmutableMap.of();
        var given = ImmutableMap.<SuiteFile, Path>builder();
        for (var file : SuiteFile.values()) {
            var place = place(files, file);
            if (place != null) given.put(file, place);
        }
        return given.buildOrThrow();
    }

    private static @Nullable Path place(Files files, SuiteFile file) {
        return switch (file) {
            case PROMPTS -> files.prompts;
            case GENEVAL_PROMPTS -> files.genEvalPrompts;
            case REWRITTEN -> files.rewritten;
            case DETECTIONS -> files.detections;
            case DPG_PROMPTS -> files.dpgPrompts;
            case DPG_QUESTIONS -> files.dpgQuestions;
            case DPG_ANSWERS -> files.dpgAnswers;
            case CLIP_MODEL -> files.clip;
            case DINO_MODEL -> files.dino;
            case INCEPTION -> files.inception;
            case REFERENCE_IMAGES -> files.reference;
            case CAPTIONED -> files.captioned;
        };
    }
}
