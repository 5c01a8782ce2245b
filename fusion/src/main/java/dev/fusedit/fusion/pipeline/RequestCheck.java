package dev.fusedit.fusion.pipeline;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.flow.Guidance;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.torch.UserError;
import java.util.ArrayList;
import java.util.List;

/// What a request asks of a model that the model does not do: refused, or said. [TextToImagePipeline#generate] itself asks only for the
/// size, and samples what it is given.
public final class RequestCheck {
    private static final int SHOWN_CHARACTERS = 40;
    private static final int SHOWN_PROMPTS = 5;

    private RequestCheck() {}

    /// @throws UserError if the model has no such images, or something that was asked for would have no effect
    public static void require(TextToImagePipeline pipeline, ImageRequest request) {
        var settings = request.settings();
        try {
            Bound.PIXELS.check("height x width", Math.multiplyFull(settings.height(), settings.width()));
        } catch (IllegalArgumentException e) {
            throw new UserError("an image of %d x %d (height x width) is too large: %s".formatted(settings.height(), settings.width(),
                    e.getMessage()), e);
        }
        pipeline.requireSize(settings.height(), settings.width());
        boolean guided = isGuided(pipeline, request);
        if (settings.guidance().isOn() && !guided) {
            throw new UserError(("guidance %s has no effect: none of the noise levels of %d steps lies in the guided interval %s. "
                    + "Widen the interval, or take more steps").formatted(settings.guidance().factor(), settings.steps(),
                            settings.guidance().at()));
        }
        if (!request.prompts().negative().isEmpty() && !guided) {
            throw new UserError(
                    ("the negative prompt \"%s\" has no effect without guidance, which is %s. Give a guidance above 1, or leave "
                            + "the negative prompt out").formatted(shown(request.prompts().negative()), settings.guidance().factor()));
        }
    }

    private static boolean isGuided(TextToImagePipeline pipeline, ImageRequest request) {
        try {
            return pipeline.evaluations(request) > pipeline.evaluations(request.guidance(Guidance.NONE));
        } catch (IllegalArgumentException e) { // a shift that depends on the size, beyond its bounds
            throw new UserError("an image of %d x %d (height x width) cannot be sampled: %s"
                    .formatted(request.settings().height(), request.settings().width(), e.getMessage()), e);
        }
    }

    /// Sentences of texts that are longer than what the model reads, with both numbers; a few, and how many more there are.
    public static List<String> unread(TextToImagePipeline pipeline, ImageRequest request) {
        var all = new ArrayList<String>();
        var prompts = request.prompts();
        for (var prompt : prompts.distinct()) {
            addUnread(all, pipeline, request, "the prompt", prompts.instruction().text() + prompt, prompt);
        }
        if (request.settings().guidance().isOn()) {
            addUnread(all, pipeline, request, "the negative prompt", prompts.negative(), prompts.negative());
        }
        return all.size() <= SHOWN_PROMPTS ? all : List.copyOf(shortened(all));
    }

    private static List<String> shortened(List<String> all) {
        var some = new ArrayList<>(all.subList(0, SHOWN_PROMPTS));
        some.add("… and %d texts more that are longer than what is read".formatted(all.size() - SHOWN_PROMPTS));
        return some;
    }

    private static void addUnread(List<String> all, TextToImagePipeline pipeline, ImageRequest request, String what, String whole,
            String text) {
        int longest = request.prompts().instruction().longest(pipeline.tokenizer(), request.settings().longest());
        add(all, pipeline.tokenizer(), longest, what, whole, text, "the model");
        if (pipeline.pooled() != null) {
            add(all, pipeline.pooled().tokenizer(), pipeline.pooled().clip().config().maxTokens(), what, whole, text, "CLIP");
        }
    }

    private static void add(List<String> all, Tokenizer tokenizer, int longest, String what, String whole, String text, String reader) {
        int tokens = tokenizer.encode(whole).length, read = tokenizer.encode(whole, longest).length;
        if (read < tokens) {
            all.add("%s \"%s\" has %d tokens, %s reads %d: the rest has no effect".formatted(what, shown(text), tokens, reader, read));
        }
    }

    private static String shown(String text) {
        int end = text.offsetByCodePoints(0, Math.min(SHOWN_CHARACTERS, text.codePointCount(0, text.length())));
        return end == text.length() ? text : text.substring(0, end) + "…";
    }
}
