package dev.fusedit.trainer.sampling;

import com.google.common.collect.Lists;
import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.model.ModelBundle;
import dev.fusedit.trainer.recipe.Recipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;

/// Samples what previews and scores ask for: many prompts, an image each, as the recipe's `sampling` says.
///
/// The noise of an image is a function of its own seed: it doesn't depend on what it is sampled together with.
public final class ImageSampler {
    private final LoadedPipeline model;
    private final Runnable between;
    private final DoubleConsumer sampled;
    private final ProcessGroup group;

    /// The prompt of one image, and the seed of its noise.
    public record SeededPrompt(String prompt, Seed noise) {}

    private ImageSampler(LoadedPipeline model, Runnable between, DoubleConsumer sampled, ProcessGroup group) {
        this.group = group;
        this.model = model;
        this.between = between;
        this.sampled = sampled;
    }

    /// @param bundle stays its owner's
    public static ImageSampler of(Recipe recipe, ModelBundle bundle) { return of(RunPipeline.of(recipe, bundle)); }

    /// Samples as the model's defaults say.
    ///
    /// @param model stays its owner's
    public static ImageSampler of(LoadedPipeline model) { return new ImageSampler(model, () -> {}, _ -> {}, ProcessGroup.alone()); }

    /// The same sampler, which runs something before each batch: something that may throw, to stop.
    public ImageSampler pausing(Runnable before) { return new ImageSampler(model, before, sampled, group); }

    /// The same sampler, which tells after each step of a batch how many more images are sampled now: parts of images count.
    public ImageSampler watched(DoubleConsumer more) { return new ImageSampler(model, between, more, group); }

    /// The same sampler, whose batches are sampled by several processes: by rank 0's calls, where the others [#follow].
    public ImageSampler shared(ProcessGroup among) { return new ImageSampler(model, between, sampled, among); }

    /// Samples what rank 0 is asked for, to its end.
    ///
    /// @return the status of rank 0's process
    public int follow() { return new SharedBatches(group, this::together).follow(); }

    /// Batches that are sampled side by side.
    int processes() { return group.size(); }

    /// What the images of some prompts are asked for by, when one seed is for all.
    ImageRequest request(List<String> prompts, Seed seed) { return model.defaults().request(prompts).seed(seed); }

    /// Images that are sampled at once.
    int batch() { return model.defaults().batch(); }

    /// What stands inside a file of an image: the options of `sample` that make it again.
    Map<String, String> notes(String prompt, Seed alone) {
        return SampleNotes.NAMELESS.ofImage(request(List.of(prompt), alone), prompt, alone);
    }

    /// Width and height of the images.
    public int side() { return model.defaults().width(); }

    /// One image a prompt, in their order: side × side × 3 bytes each.
    public List<byte[]> sample(List<SeededPrompt> seededPrompts) {
        var images = new ArrayList<byte[]>();
        for (var round : Lists.partition(Lists.partition(seededPrompts, batch()), processes())) {
            between.run();
            images.addAll(new SharedBatches(group, this::together).sample(round));
            round.stream().skip(1).forEach(elsewhere -> sampled.accept(elsewhere.size()));
        }
        return images;
    }

    private List<byte[]> together(List<SeededPrompt> seededPrompts) {
        try (var _ = TensorScope.open()) {
            var request = model.defaults().request(seededPrompts.stream().map(SeededPrompt::prompt).toList());
            var seeded = request.seeds(seededPrompts.stream().map(SeededPrompt::noise).toList());
            return model.pipeline().generate(seeded, SamplingProgress.of(seeded, sampled)).bytes();
        }
    }
}
