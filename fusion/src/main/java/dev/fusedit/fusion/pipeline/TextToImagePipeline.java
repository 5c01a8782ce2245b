package dev.fusedit.fusion.pipeline;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.Ints;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.TextKvCache;
import dev.fusedit.fusion.flow.Branches;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.FlowSampler;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.flow.VelocityModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.vae.LatentSpace;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.MemoryShortage;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Images from prompts, by a fused model (with CLIP's pooled text, if it takes one) or a baseline.
///
/// Notable: each prompt's text is computed once for all of its images and steps (a KV cache, [TextKvCache]). Noise is drawn image by image,
/// so neither the batch nor a split of it changes an image.
///
/// @param pooled null for models that take no pooled text
/// @param space what the model's latents are
/// @param forgetsPrompt true to place a fused model's rotary image positions at 0 from the second step on, as the paper's published
///        scripts do; only to draw what they draw
public record TextToImagePipeline(ImageModel model, Tokenizer tokenizer, @Nullable PooledText pooled, LatentSpace space,
        FlowMatchScheduler scheduler, Prediction prediction, boolean forgetsPrompt) {
    public TextToImagePipeline {
        checkArgument((model.config().pooledText() > 0) == (pooled != null),
                "a model with a pooled text of width %s needs CLIP, and only such a one", model.dit().config().pooledText());
        checkArgument(model.dit().config().inChannels() == space.channels() && model.dit().config().outChannels() == space.channels(),
                "the model works on %s channels and samples %s, but its images have %s", model.dit().config().inChannels(),
                model.dit().config().outChannels(), space.channels());
    }

    /// Sees the latents of some images after each step; they are freed after the call. Where memory did not hold a batch, its smaller
    /// parts begin again at the first step.
    @FunctionalInterface
    public interface Progress {
        Progress NONE = (_, _) -> {};

        /// @param firstImage the batch's first
        void after(int firstImage, FlowSampler.Step step);
    }

    public GeneratedImages generate(ImageRequest request) { return generate(request, Progress.NONE); }

    /// Passes of the network over each image that a request takes; a guided one counts as two.
    public int evaluations(ImageRequest request) {
        return sampler(request.settings(), latentSide(request.settings().height()), latentSide(request.settings().width())).evaluations();
    }

    /// Whether the model samples images of this size; [#generate] asks too.
    ///
    /// @throws UserError that names the nearest sizes, if not
    public void requireSize(int height, int width) {
        ImageSize.of(model.dit().config(), space.factor()).require(height, width);
    }

    /// Pixels along a patch's side: heights and widths are multiples of it.
    public int patchSide() { return space.factor() * model.dit().config().patch(); }

    /// @throws UserError if the model cannot sample images of this size, or memory does not hold one of them
    public GeneratedImages generate(ImageRequest request, Progress progress) {
        int height = request.settings().height(), width = request.settings().width();
        requireSize(height, width);
        try (var _ = Autograd.noGrad()) {
            return TensorScope.scoped(() -> {
                var texts = MemoryShortage.told(() -> texts(request),
                        "the text of all %d prompts".formatted(request.prompts().texts().size()), "Sample fewer prompts at a time");
                var noise = MemoryShortage.told(() -> noise(request),
                        "the noise of %d images of %d x %d (height x width)".formatted(request.images(), height, width),
                        "Sample fewer or smaller ones");
                var parts = new ArrayList<GeneratedImages>();
                for (int at = 0, size = request.settings().batch(); at < request.images();) {
                    var count = Math.min(size, request.images() - at);
                    var part = generateOrNull(request, texts, noise.narrow(0, at, count), at, progress);
                    if (part == null) {
                        size = count / 2;
                    } else {
                        parts.add(part);
                        at += count;
                    }
                }
                return MemoryShortage.told(() -> GeneratedImages.joined(parts), "all %d images".formatted(request.images()),
                        "Sample fewer at a time");
            });
        }
    }

    // ---- what images begin with

    /// Distinct prompts in order, then the negative one where there is guidance.
    private record Texts(TextKvCache state, @Nullable Tensor pooled, ImmutableList<String> prompts) {
        int row(String prompt) { return prompts.indexOf(prompt); }

        int negative() { return prompts.size(); }
    }

    private Texts texts(ImageRequest request) {
        var prompts = request.prompts();
        var distinct = prompts.distinct();
        int longest = request.settings().longest();
        var rows = new ArrayList<int[]>();
        var words = new ArrayList<String>();
        for (var prompt : distinct) {
            words.add(prompts.instruction().text() + prompt);
            rows.add(prompts.instruction().encode(tokenizer, prompt, longest));
        }
        if (request.settings().guidance().isOn()) {
            words.add(prompts.negative());
            rows.add(tokenizer.encode(prompts.negative(), prompts.instruction().longest(tokenizer, longest)));
        }
        return new Texts(model.text(Prompt.of(rows.toArray(int[][]::new))), pooled == null ? null : pooled.of(words), distinct);
    }

    private Tensor noise(ImageRequest request) {
        return request.noise().latents(request.images(), model.dit().config().inChannels(), latentSide(request.settings().height()),
                latentSide(request.settings().width())).to(device());
    }

    private int latentSide(int pixels) { return pixels / space.factor(); }

    private Device device() { return model.dit().patches().weight_OIPP().device(); }

    // ---- images

    /// Null if memory did not hold so many, and fewer can be tried.
    private @Nullable GeneratedImages generateOrNull(ImageRequest request, Texts texts, Tensor noise, int first, Progress progress) {
        try {
            return TensorScope.scoped(() -> generate(request, texts, noise, first, progress));
        } catch (TorchException e) {
            if (!e.isOutOfMemory()) {
                throw e;
            }
            if (noise.size(0) > 1) {
                return null;
            }
            throw MemoryShortage.error(
                    "even one image of %d x %d (height x width)".formatted(request.settings().height(), request.settings().width()),
                    "Sample a smaller one, or on a device with more memory", e);
        }
    }

    private GeneratedImages generate(ImageRequest request, Texts texts, Tensor noise, int first, Progress progress) {
        var sampler = sampler(request.settings(), noise.size(2), noise.size(3));
        var own = IntStream.range(first, first + (int) noise.size(0)).map(image -> texts.row(request.prompts().of(image))).toArray();
        var negative = new int[own.length];
        Arrays.fill(negative, texts.negative());
        int tokens = tokens(noise.size(2), noise.size(3));
        try (var bound = bound(texts, sampler.guidance().isOn() ? Ints.concat(negative, own) : own, tokens);
                var conditional = sampler.guidance().isPartial() ? bound(texts, own, tokens) : null) {
            var began = new AtomicBoolean();
            var branches = new Branches(placed(bound, began), placed(conditional == null ? bound : conditional, began));
            var latents = sampler.sample(branches, noise, request.noise().fresh(first, noise), step -> progress.after(first, step));
            return decoded(latents);
        }
    }

    /// Images out of latents; those of a [FlowSampler.Step] too. The innermost scope's, but for the latents.
    ///
    /// @param latents_BCHW as diffusion sees them
    public GeneratedImages decoded(Tensor latents_BCHW) {
        try (var _ = Autograd.noGrad()) {
            return new GeneratedImages(latents_BCHW,
                    TensorScope.scoped(() -> space.images(latents_BCHW).div(2.0).add(0.5).clamp(0, 1)));
        }
    }

    private FlowSampler sampler(SamplingSettings settings, long height, long width) {
        return new FlowSampler(scheduler.sized(tokens(height, width)), prediction, settings.solver(), settings.steps(),
                settings.guidance());
    }

    private int tokens(long height, long width) {
        var patch = model.dit().config().patch();
        return Math.toIntExact(height / patch * (width / patch));
    }

    private TextBound bound(Texts texts, int[] rows, int tokens) {
        var index = Tensor.of(IntStream.of(rows).asLongStream().toArray()).to(device());
        return new TextBound(model, texts.state(), rows, texts.pooled() == null ? null : texts.pooled().indexSelect(0, index), tokens);
    }

    private VelocityModel placed(TextBound bound, AtomicBoolean began) {
        return (noisy, times_B) -> forgetsPrompt && began.getAndSet(true) ? bound.predictFromZero(noisy, times_B)
                : bound.predict(noisy, times_B);
    }
}
