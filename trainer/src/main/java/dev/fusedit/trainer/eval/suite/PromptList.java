package dev.fusedit.trainer.eval.suite;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Files;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.recipe.SuiteName;
import dev.fusedit.trainer.sampling.PromptFile;
import dev.fusedit.trainer.sampling.WantedImage;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/// Prompts that images are sampled for, each under a name.
///
/// @param prompts a line each of a file, or those of MJHQ-30K's `meta_data.json` (`{id: {"category": …, "prompt": …}}`), whose images lie
///        in folders of their categories
record PromptList(ImmutableList<Named> prompts) {
    private static final String FOLDER = "prompts/";
    private static final String MJHQ = "Give MJHQ-30K's meta_data.json, or a text with a prompt a line";

    record Named(String name, String prompt) {}

    static PromptList read(Path file) {
        return new PromptList(Files.getFileExtension(file.toString()).equals("json") ? mjhq(file) : of(PromptFile.read(file)));
    }

    static ImmutableList<Named> of(Iterable<String> texts) {
        var prompts = ImmutableList.<Named>builder();
        int place = 0;
        for (var text : texts) prompts.add(new Named(String.format(Locale.ROOT, "%05d", place++), text));
        return prompts.build();
    }

    private static ImmutableList<Named> mjhq(Path file) {
        var prompts = ImmutableList.<Named>builder();
        for (var each : JsonFile.object(file, MJHQ).properties()) {
            var category = each.getValue().path("category").asText();
            var prompt = each.getValue().path("prompt");
            if (!category.matches("[\\w-]+") || !each.getKey().matches("[\\w-]+") || !prompt.isTextual())
                throw new UserError("%s: %s is no id, category and prompt. %s".formatted(file, each.getKey(), MJHQ));
            prompts.add(new Named(category + "/" + each.getKey(), prompt.asText()));
        }
        return prompts.build();
    }

    /// Each prompt's first image, then each one's second: fewer images a prompt are the same ones.
    ImageSet images(Seed seed, int each) {
        var images = ImmutableList.<WantedImage>builder();
        for (int again = 0; again < each; again++) {
            var own = again == 0 ? seed : seed.derive("again", again);
            for (int i = 0; i < prompts.size(); i++) {
                var name = FOLDER + prompts.get(i).name + (again == 0 ? "" : "-" + again) + ".png";
                images.add(WantedImage.of(name, prompts.get(i).prompt, own, i));
            }
        }
        return new ImageSet("prompts", images.build());
    }

    /// @throws UserError if an image has no prompt
    static void requirePrompts(SuiteName suite, ImageSet images) {
        var without = images.images().stream().filter(image -> Objects.requireNonNull(image.prompt()).isEmpty()).count();
        if (without > 0) {
            throw new UserError(("%d of %d images in %s have no prompt, and suite %s compares them with it. Write prompts.jsonl there: "
                    + "{\"file\": …, \"prompt\": …}").formatted(without, images.images().size(), images.name(), suite.key()));
        }
    }
}
