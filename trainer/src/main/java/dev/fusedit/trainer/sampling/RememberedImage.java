package dev.fusedit.trainer.sampling;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.NearFiles;
import dev.fusedit.trainer.log.PngText;
import dev.fusedit.trainer.log.ShellWords;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A PNG file of `sample` or `serve`, by what stands in it of how it was made ([SampleNotes]).
///
/// @param grid whether it is many images with captions
/// @param model that made it, where that is noted
/// @param request that makes it again: from the same model the same image, up to rounding where it was made in another batch
public record RememberedImage(Path file, boolean grid, Optional<ModelFingerprint> model, Seed seed, ImageRequest request) {
    private static final long MOST_BYTES = 1L << 30;

    /// @throws UserError if it is no PNG file, or does not say how it was made
    public static RememberedImage read(Path file) {
        var text = text(file);
        var where = file + ": the text 'fusedit'";
        var fields = new ConfigReader(JsonFile.object(text, where, "It was changed. Give the file as it was written"), where);
        var settings = SamplingSettings.of(fields.in("sampling").node(), where + ": sampling");
        var seed = seed(fields);
        return fields.checked(() -> new RememberedImage(file, fields.flag("grid"), model(fields), seed,
                ImageRequest.of(settings, prompts(fields)).each(fields.integer("n")).negative(text(fields, "negative")).seed(seed)));
    }

    private static String text(Path file) {
        try {
            if (Files.size(file) > MOST_BYTES)
                throw new UserError("%s has more than 1 GiB: it is no image of this program's".formatted(file));
            var text = PngText.read(Files.readAllBytes(file)).get(SampleNotes.EXACT);
            if (text == null) {
                throw new UserError(("%s does not say how it was made: it was made with --no-metadata, by another program, or was saved "
                        + "anew without its texts. Give --prompt, --seed and what else there was").formatted(file));
            }
            return text;
        } catch (IOException e) {
            throw new UserError(
                    "%s cannot be read: %s".formatted(file,
                            Files.isRegularFile(file) ? e.getMessage() : "there is no such file" + NearFiles.hint(file)),
                    e);
        }
    }

    private static Optional<ModelFingerprint> model(ConfigReader fields) {
        return Optional.ofNullable(fields.text(SampleNotes.MODEL)).map(ModelFingerprint::new);
    }

    private static Seed seed(ConfigReader fields) {
        var value = fields.raw("seed");
        fields.require(value.isIntegralNumber() && value.canConvertToLong(), "seed", "must be a whole number of 64 bits");
        return Seed.of(value.longValue());
    }

    private static ImmutableList<String> prompts(ConfigReader fields) {
        var texts = fields.raw("prompts");
        fields.require(texts.isArray() && !texts.isEmpty() && texts.valueStream().allMatch(JsonNode::isTextual), "prompts",
                "must be a list of texts");
        return texts.valueStream().map(JsonNode::textValue).collect(ImmutableList.toImmutableList());
    }

    private static String text(ConfigReader fields, String name) {
        var text = fields.text(name);
        return text == null ? "" : text;
    }

    /// @param place of the model that is to make it again
    /// @param known its fingerprint
    /// @throws UserError naming both, and the command that samples with the same text, if another one made it
    public void requireModel(Path place, ModelFingerprint known) {
        if (model.isEmpty() || model.get().sha256().equals(known.sha256())) return;
        throw new UserError("%s was made by another model (%s) than %s holds (%s), which makes another image. Give that one, or: %s"
                .formatted(file, model.get().brief(), place, known.brief(), ShellWords.fusedit(command(place))));
    }

    private List<String> command(Path place) {
        var settings = request.settings();
        var words = new ArrayList<>(List.of("sample", "--model", place.toString()));
        request.prompts().texts().forEach(prompt -> words.addAll(List.of("--prompt", prompt)));
        words.addAll(List.of("-n", Integer.toString(request.prompts().each()), "--seed", Long.toString(seed.value()), "--solver",
                settings.solver().toString(), "--steps", Integer.toString(settings.steps()), "--guidance",
                Double.toString(settings.guidance().factor()), "--width", Integer.toString(settings.width()), "--height",
                Integer.toString(settings.height())));
        if (settings.guidance().isOn()) { // the whole too: another model may have an interval of its own
            words.addAll(List.of("--guidance-interval", settings.guidance().at().toString()));
        }
        if (!request.prompts().negative().isEmpty()) words.addAll(List.of("--negative", request.prompts().negative()));
        words.addAll(List.of("--out", "PATH"));
        return words;
    }
}
