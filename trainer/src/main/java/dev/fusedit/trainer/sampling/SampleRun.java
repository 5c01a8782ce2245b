package dev.fusedit.trainer.sampling;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.Lists;
import com.google.common.hash.Hashing;
import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.InitialNoise;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.fusion.pipeline.RequestCheck;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.sampling.ImageSampler.SeededPrompt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;

/// Images that somebody asked for, written as they are made: a batch is on the disk before the next one begins, and the same call goes on
/// where one was stopped. Memory holds one batch, however many there are.
///
/// All images of a prompt stand together, in prompt order. An image's noise is a function of the request's seed and the image's place, or
/// of its own seed alone ([InitialNoise#alone]), which is written beside it.
///
/// @param model stays its owner's
/// @param request with one seed for all
/// @param identity what tells the model from others, so that no call goes on with another one's images
/// @param notes what stands in the files of how they were made
public record SampleRun(LoadedPipeline model, ImageRequest request, String identity, SampleNotes notes) {
    /// @throws UserError if the model does not do what the request asks for
    public SampleRun {
        RequestCheck.require(model.pipeline(), request);
        seed(request); // there is one
    }

    /// Of a model that is told from no other.
    public static SampleRun of(LoadedPipeline model, ImageRequest request) {
        return new SampleRun(model, request, "", SampleNotes.NAMELESS);
    }

    /// @param place as for [SamplingModel#open], which opened the model
    public static SampleRun of(LoadedPipeline model, ImageRequest request, Path place) {
        return new SampleRun(model, request, SamplingModel.identity(place), SampleNotes.of(ModelFingerprint.of(model)));
    }

    /// The same, whose files say other things of how they were made, or nothing ([SampleNotes#NONE]).
    public SampleRun noted(SampleNotes other) { return new SampleRun(model, request, identity, other); }

    private static Seed seed(ImageRequest request) {
        return switch (request.noise()) {
            case InitialNoise.OfSeed(var all) -> all;
            case InitialNoise.OfSeeds _ ->
                    throw new IllegalArgumentException("the images of a run have one seed, from which theirs follow");
            case InitialNoise.Given _ -> throw new IllegalArgumentException("the images of a run begin with a seed's noise");
        };
    }

    private String prompt(int place) { return request.prompts().texts().get(place / request.prompts().each()); }

    /// Writes what is not there yet.
    ///
    /// @param out a `.png` for one grid with captions, or a folder for `00000.png` … and `prompts.jsonl`
    /// @throws UserError if images are there already, or it cannot be written
    public void write(Path out) { write(SampleOutput.of(out, false), false, ProgressLine.silent(), () -> {}); }

    /// By this process alone.
    public void write(SampleOutput output, boolean force, ProgressLine console, Runnable afterStep) {
        write(output, force, ProcessGroup.alone(), console, afterStep);
    }

    /// Samples batches that rank 0 writes, to its end.
    ///
    /// @return the status of rank 0's process
    public int follow(ProcessGroup group) { return new SharedBatches(group, some -> together(some, _ -> {})).follow(); }

    /// @param force whether what is there is replaced
    /// @param group whose processes sample the batches; this one is the first, and the others [#follow]
    /// @param console told how far it is
    /// @param afterStep run after each step of a batch; may throw, to stop: what was written stays
    public void write(SampleOutput output, boolean force, ProcessGroup group, ProgressLine console, Runnable afterStep) {
        try {
            switch (output) {
                case SampleOutput.Folder(var path) -> {
                    try (var folder = SampleFolder.open(path, asked(), force, "--out " + path)) {
                        fill(folder, group, console, afterStep);
                        folder.finish();
                    }
                }
                case SampleOutput.Grid grid -> {
                    SampleGrid.requireDrawable(request);
                    try (var folder = SampleFolder.open(grid.unfinished(), asked(), force, grid.unfinished().toString())) {
                        fill(folder, group, console, afterStep);
                        WholeFile.write(grid.path().toAbsolutePath(), SampleGrid.of(folder.images(), captions())
                                .png(notes.ofGrid(request, seed(request))));
                        folder.delete();
                    }
                }
                case SampleOutput.Single(var path) -> {
                    checkArgument(request.images() == 1, "a file holds one image, not %s", request.images());
                    var shared = shared(group, SamplingProgress.of(console, "sample", 1), afterStep);
                    var image = image(shared.sample(List.of(seeded(0, 1))).getFirst());
                    WholeFile.write(path.toAbsolutePath(), image.png(notes.ofImage(request, prompt(0), seed(request))));
                }
            }
        } catch (IOException e) {
            throw SampleOutput.failed(output.path(), e);
        }
    }

    private List<String> captions() { return IntStream.range(0, request.images()).mapToObj(this::prompt).toList(); }

    private void fill(SampleFolder folder, ProcessGroup group, ProgressLine console, Runnable afterStep) throws IOException {
        int all = request.images(), batch = request.settings().batch();
        if (folder.done() > 0) console.message("Going on after %d of %d images".formatted(folder.done(), all));
        // batches begin where those of a whole run begin: what is made later is the same, bit for bit
        int first = folder.done() / batch * batch;
        var progress = SamplingProgress.of(console, "sample", all - first);
        var shared = shared(group, progress, afterStep);
        int together = (int) Math.min(all, (long) batch * group.size());
        for (int at = first; at < all; at += together) {
            var round = Lists.partition(seeded(at, Math.min(together, all - at)), batch);
            var images = shared.sample(round);
            round.stream().skip(1).forEach(elsewhere -> progress.add(elsewhere.size()));
            for (int place = folder.done(); place < at + images.size(); place++) {
                var own = InitialNoise.alone(seed(request), place);
                folder.add(image(images.get(place - at)), prompt(place), own, notes.ofImage(request, prompt(place), own));
            }
        }
    }

    private PngImage image(byte[] rgb) { return new PngImage(request.settings().width(), request.settings().height(), rgb); }

    private SharedBatches shared(ProcessGroup group, SamplingProgress progress, Runnable afterStep) {
        return new SharedBatches(group, some -> together(some, more -> {
            progress.add(more);
            afterStep.run();
        }));
    }

    private List<SeededPrompt> seeded(int first, int count) {
        return IntStream.range(first, first + count)
                .mapToObj(place -> new SeededPrompt(prompt(place), InitialNoise.ofImage(seed(request), place))).toList();
    }

    /// @param more told after each step how many more images are sampled
    private List<byte[]> together(List<SeededPrompt> images, DoubleConsumer more) {
        try (var _ = TensorScope.open()) {
            var some = request.prompts(images.stream().map(SeededPrompt::prompt).toList())
                    .seeds(images.stream().map(SeededPrompt::noise).toList());
            return new ArrayList<>(model.pipeline().generate(some, SamplingProgress.of(some, more)).bytes());
        }
    }

    /// What identifies this call.
    private ObjectNode asked() {
        var prompts = request.prompts();
        var asked = JsonNodeFactory.instance.objectNode().put("model", identity)
                .put("prompts", Hashing.sha256().hashString(String.join("\n", prompts.texts()), StandardCharsets.UTF_8).toString())
                .put("negative", prompts.negative()).put("n", prompts.each()).put("seed", seed(request).value());
        if (!notes.written()) asked.put("metadata", false);
        return asked.setAll(SampleNotes.json(request.settings()));
    }
}
