package dev.fusedit.fusion.pipeline;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.fusion.dit.FuseDiT;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.dit.TextState;
import dev.fusedit.fusion.flow.EulerSampler;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.Prediction;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.fusion.vae.PictureSpace;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.UserError;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Pictures from prompts, by a fused model (with CLIP's pooled text, if it takes one) or a baseline.
///
/// Notable: each prompt's text is computed once for all of its pictures and steps. Noise is drawn picture by picture, so neither the
/// batch nor a split of it changes a picture.
///
/// @param pooled null for models that take no pooled text
/// @param space what the model's latents are
/// @param forgetsPrompt true to place a fused model's rotary image positions at 0 from the second step on, as the paper's published
///        scripts do; only to draw what they draw
public record TextToImagePipeline(ImageModel model, Tokenizer tokenizer, @Nullable PooledText pooled, PictureSpace space,
        FlowMatchScheduler scheduler, Prediction prediction, boolean forgetsPrompt) {
    public TextToImagePipeline {
        checkArgument((model.dit().config().pooledText() > 0 && model instanceof FuseDiT) == (pooled != null),
                "a model with a pooled text of width %s needs CLIP, and only such a one", model.dit().config().pooledText());
        checkArgument(model.dit().config().inChannels() == space.channels() && model.dit().config().outChannels() == space.channels(),
                "the model works on %s channels and draws %s, but its pictures have %s", model.dit().config().inChannels(),
                model.dit().config().outChannels(), space.channels());
    }

    /// Sees the latents of some pictures after each step; they are freed after the call. Where memory did not hold a batch, its smaller
    /// parts begin again at the first step.
    @FunctionalInterface
    public interface Progress {
        Progress NONE = (_, _, _) -> {};

        /// @param firstPicture the batch's first
        /// @param step from 0 on
        void after(int firstPicture, int step, Tensor latents);
    }

    public Drawn draw(PictureRequest request) { return draw(request, Progress.NONE); }

    /// Whether the model draws pictures of this size; [#draw] asks too.
    ///
    /// @throws UserError that names the nearest sizes, if not
    public void requireDrawable(int height, int width) {
        PictureSize.of(model.dit().config(), space.factor()).require(height, width);
    }

    /// @throws UserError if the model cannot draw pictures of this size, or memory does not hold one of them
    public Drawn draw(PictureRequest request, Progress progress) {
        requireDrawable(request.height(), request.width());
        try (var _ = Autograd.noGrad()) {
            return TensorScope.scoped(() -> {
                var texts = inMemory(() -> texts(request), "the text of all %d prompts. Draw fewer prompts at a time".formatted(
                        request.prompts().size()));
                var noise =
                        inMemory(() -> noise(request), "the noise of %d pictures of %d x %d (height x width). Draw fewer or smaller ones"
                                .formatted(request.pictures(), request.height(), request.width()));
                var parts = new ArrayList<Drawn>();
                for (int at = 0, size = request.batch(); at < request.pictures();) {
                    var count = Math.min(size, request.pictures() - at);
                    var part = drawOrNull(request, texts, noise.narrow(0, at, count), at, progress);
                    if (part == null) {
                        size = count / 2;
                    } else {
                        parts.add(part);
                        at += count;
                    }
                }
                return inMemory(() -> Drawn.joined(parts), "all %d pictures. Draw fewer at a time".formatted(request.pictures()));
            });
        }
    }

    private static <T> T inMemory(Supplier<T> body, String whatAndRemedy) {
        try {
            return body.get();
        } catch (TorchException e) {
            throw e.isOutOfMemory() ? new UserError("memory does not hold " + whatAndRemedy, e) : e;
        }
    }

    // ---- what pictures begin with

    /// Prompts in order, then the negative one where there is guidance.
    private record Texts(TextState state, @Nullable Tensor pooled) {}

    private Texts texts(PictureRequest request) {
        var rows = new ArrayList<int[]>();
        var words = new ArrayList<String>();
        for (var prompt : request.prompts()) {
            words.add(request.instruction().text() + prompt);
            rows.add(request.instruction().encode(tokenizer, prompt, request.longest()));
        }
        if (request.guidance() > 1) {
            words.add(request.negative());
            rows.add(tokenizer.encode(request.negative(), request.instruction().longest(tokenizer, request.longest())));
        }
        return new Texts(model.text(Prompt.of(rows.toArray(int[][]::new))), pooled == null ? null : pooled.of(words));
    }

    private Tensor noise(PictureRequest request) {
        long channels = model.dit().config().inChannels();
        long height = request.height() / space.factor(), width = request.width() / space.factor();
        if (request.latents() != null) {
            var shape = request.latents().shape();
            checkArgument(shape[1] == channels && shape[2] == height && shape[3] == width,
                    "initial latents must be (B, %s, %s, %s), got %s",
                    channels, height, width, request.latents());
            return request.latents().to(device());
        }
        return Tensor.cat(0, request.allSeeds().stream().map(seed -> Tensor.randn(seed, DType.F32, 1, channels, height, width)).toList())
                .to(device());
    }

    private Device device() { return model.dit().patches().weight_OIPP().device(); }

    // ---- pictures

    /// Null if memory did not hold so many, and fewer can be tried.
    private @Nullable Drawn drawOrNull(PictureRequest request, Texts texts, Tensor noise, int first, Progress progress) {
        try {
            return TensorScope.scoped(() -> draw(request, texts, noise, first, progress));
        } catch (TorchException e) {
            if (!e.isOutOfMemory()) {
                throw e;
            }
            if (noise.size(0) > 1) {
                return null;
            }
            throw new UserError(
                    "memory does not hold even one picture of %d x %d (height x width). Draw a smaller one, or on a device with "
                            .formatted(request.height(), request.width()) + "more memory",
                    e);
        }
    }

    private Drawn draw(PictureRequest request, Texts texts, Tensor noise, int first, Progress progress) {
        var patch = model.dit().config().patch();
        var tokens = Math.toIntExact(noise.size(2) / patch * (noise.size(3) / patch));
        var sampler = new EulerSampler(scheduler.sized(tokens), prediction, request.steps(), request.guidance());
        var rows = rows(request, first, (int) noise.size(0), sampler.isGuided());
        var text = texts.state().rows(rows);
        var index = Tensor.of(IntStream.of(rows).asLongStream().toArray()).to(noise.device());
        var vector = texts.pooled() == null ? null : texts.pooled().indexSelect(0, index);
        try (var bound = new TextBound(model, text, vector)) {
            var began = new AtomicBoolean();
            var latents = sampler.sample((noisy, times_B) -> forgetsPrompt && began.getAndSet(true) ? bound.predictFromZero(noisy, times_B)
                    : bound.predict(noisy, times_B), noise, (step, x) -> progress.after(first, step, x));
            return new Drawn(latents, space.pictures(latents).div(2.0).add(0.5).clamp(0, 1));
        }
    }

    /// The negative prompt's row for each picture, then the pictures' own prompts.
    private static int[] rows(PictureRequest request, int first, int count, boolean guided) {
        var own = IntStream.range(first, first + count).map(request::prompt);
        var negatives = IntStream.range(0, guided ? count : 0).map(_ -> request.prompts().size());
        return IntStream.concat(negatives, own).toArray();
    }
}
