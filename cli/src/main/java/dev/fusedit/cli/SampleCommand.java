package dev.fusedit.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.RequestCheck;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.run.Interrupted;
import dev.fusedit.trainer.run.Interrupts;
import dev.fusedit.trainer.run.RankAgreement;
import dev.fusedit.trainer.sampling.ModelFingerprint;
import dev.fusedit.trainer.sampling.PromptFile;
import dev.fusedit.trainer.sampling.RememberedImage;
import dev.fusedit.trainer.sampling.SampleNotes;
import dev.fusedit.trainer.sampling.SampleOutput;
import dev.fusedit.trainer.sampling.SampleRun;
import dev.fusedit.trainer.sampling.SamplingModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "sample", description = "Generates images from prompts with a trained model.")
final class SampleCommand implements Callable<Integer> {
    /// What an image's file says itself.
    private static final Set<String> OF_AN_IMAGE = Set.of("-n", "--seed", "--solver", "--steps", "--guidance", "--guidance-interval",
            "--negative", "--width", "--height", "--batch");

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "A run's folder, one of its checkpoints, or a pipeline: a folder with a model_index.json.")
    private Path model;

    @ArgGroup(multiplicity = "1")
    private Prompts prompts;

    /// One of them.
    static final class Prompts {
        @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "What to generate. May be repeated.")
        private @Nullable List<String> texts;

        @Option(names = "--prompt-file", required = true, paramLabel = "FILE", description = "A file with a prompt a line.")
        private @Nullable Path file;

        @Option(names = "--again", required = true, paramLabel = "FILE",
                description = "A .png of sample or serve: make it again, by what stands in it. A grid as a grid.")
        private @Nullable Path again;
    }

    @Option(names = "-n", defaultValue = "1", paramLabel = "K", description = "Images a prompt (default: ${DEFAULT-VALUE}).")
    private int each;

    @Option(names = "--seed", defaultValue = "0", paramLabel = "S",
            description = "Of the noise: the same seed gives the same images (default: ${DEFAULT-VALUE}). That of an image in prompts.jsonl "
                    + "makes it again alone.")
    private long seed;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private DeviceOption device;

    @Option(names = "--negative", defaultValue = "", paramLabel = "TEXT",
            description = "What guidance leads away from. Default: no text.")
    private String negative;

    @Option(names = "--width", paramLabel = "PIXELS", description = "Default: the model's.")
    private @Nullable Integer width;

    @Option(names = "--height", paramLabel = "PIXELS", description = "Default: the model's.")
    private @Nullable Integer height;

    @Option(names = "--out", required = true, paramLabel = "PATH",
            description = "A file that ends in .png for all images in one grid, or a folder for one file an image and prompts.jsonl. "
                    + "What was stopped goes on with the same command.")
    private Path out;

    @Option(names = "--force", description = "Replace the images that are there.")
    private boolean force;

    @Option(names = "--no-metadata", description = "Write into the files no word of how they were made.")
    private boolean noMetadata;

    @Option(names = "--json", description = "One object, for programs.")
    private boolean json;

    @Override
    public Integer call() {
        sampling.check();
        OptionBounds.check("-n", Bound.IMAGES, each);
        OptionBounds.check("--width", Bound.SIDE, width);
        OptionBounds.check("--height", Bound.SIDE, height);
        var asked = prompts.again != null ? again(prompts.again) : null;
        var texts =
                asked != null ? asked.request().prompts().texts() : prompts.texts != null ? prompts.texts : PromptFile.read(prompts.file);
        OptionBounds.check("-n times the number of prompts", Bound.IMAGES, (double) each * texts.size());
        try (var group = Job.join()) {
            new RankAgreement(group).requireSame(String.join(" ", spec.commandLine().getParseResult().originalArgs()));
            return group.isFirst() ? Job.lead(group, () -> sample(texts, asked, group)) : follow(texts, asked, group);
        }
    }

    private int follow(List<String> texts, @Nullable RememberedImage asked, ProcessGroup group) {
        try (var _ = TensorScope.open(); var loaded = SamplingModel.open(model, device.asked()); var _ = Interrupts.watchAsRank(() -> {})) {
            return run(loaded, texts, asked, false).follow(group);
        }
    }

    /// @param noted whether files say how they were made. All weights are read for it, as they are for an image that is asked for again
    private SampleRun run(LoadedPipeline loaded, List<String> texts, @Nullable RememberedImage asked, boolean noted) {
        var notes = SampleNotes.NONE;
        if (noted || asked != null) {
            var fingerprint = ModelFingerprint.of(loaded);
            if (asked != null) asked.requireModel(model, fingerprint);
            if (noted) notes = SampleNotes.of(fingerprint);
        }
        var request = asked != null ? asked.request() : request(loaded.defaults(), texts);
        return new SampleRun(loaded, request, SamplingModel.identity(model), notes);
    }

    private int sample(List<String> texts, @Nullable RememberedImage asked, ProcessGroup group) {
        var place = SampleOutput.of(out, force);
        var output = asked == null || asked.grid() ? place : place.single();
        var console = ProgressLine.onStderr();
        try (var _ = TensorScope.open();
                var loaded = SamplingModel.open(model, device.asked());
                var interrupts = watch(group, () -> console.message("Stopping. Once more to stop at once."))) {
            var run = run(loaded, texts, asked, !noMetadata);
            warnOfUnknownWords(texts, loaded.pipeline().tokenizer());
            RequestCheck.unread(loaded.pipeline(), run.request()).forEach(spec.commandLine().getErr()::println);
            run.write(output, force, group, console, () -> {
                if (interrupts.status() != 0) throw new Interrupted(interrupts.status(), "Stopped. The same command goes on");
            });
            console.close(); // before the result
            spec.commandLine().getOut().println(json ? JsonNodeFactory.instance.objectNode().put("out", out.toString())
                    .put("images", run.request().images()) : out);
            return ExitCode.OK;
        } finally {
            console.close();
        }
    }

    private static Interrupts watch(ProcessGroup group, Runnable stopping) {
        return group.isAlone() ? Interrupts.watch(stopping) : Interrupts.watchAsRank(stopping);
    }

    /// @throws UserError if it is said here too how the image is to be made
    private RememberedImage again(Path file) {
        var given = spec.commandLine().getParseResult().matchedOptions().stream().map(OptionSpec::longestName).filter(OF_AN_IMAGE::contains)
                .toList();
        if (!given.isEmpty()) {
            throw new UserError("--again makes the image as %s says: leave out %s, or give --prompt instead of --again".formatted(file,
                    String.join(", ", given)));
        }
        return RememberedImage.read(file);
    }

    private ImageRequest request(SamplingSettings usual, List<String> texts) {
        var own = sampling.over(usual);
        var chosen = own.size(SamplingOptions.orElse(height, own.height()), SamplingOptions.orElse(width, own.width()));
        return chosen.request(texts).each(each).negative(negative).seed(Seed.of(seed));
    }

    private void warnOfUnknownWords(List<String> texts, Tokenizer tokenizer) {
        var unknown = texts.stream().flatMap(text -> tokenizer.unknown(text).stream()).distinct().toList();
        if (!unknown.isEmpty()) {
            spec.commandLine().getErr().println("The model has never read: " + String.join(", ", unknown));
        }
    }
}
