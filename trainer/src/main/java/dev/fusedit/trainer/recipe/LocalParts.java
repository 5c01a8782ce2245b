package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.KnownFields;
import dev.fusedit.fusion.config.ModelDescription;
import dev.fusedit.fusion.flow.FlowMatchScheduler;
import dev.fusedit.fusion.flow.KnownSchedulers;
import dev.fusedit.fusion.flow.SchedulerConfigs;
import dev.fusedit.fusion.llm.KnownLanguageModels;
import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.vae.AutoencoderConfig;
import dev.fusedit.fusion.vae.KnownAutoencoders;
import dev.fusedit.fusion.vision.ClipTextConfig;
import dev.fusedit.fusion.vision.KnownClipTexts;
import dev.fusedit.torch.io.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.function.Function;

/// Parts that a reference's configuration names: by a public name, or by a folder of this machine, as `from_pretrained` takes them. Of a folder
/// the configuration is read; an autoencoder and a CLIP model must be of the sizes of a published one, which stands for them in the recipe.
final class LocalParts {
    private static final String CONFIG = "config.json";
    private static final String REMEDY = "Give the folder that its publisher hands out, whole";

    private LocalParts() {}

    static boolean isFolder(String name) { return Files.isDirectory(Path.of(name)); }

    /// @throws dev.fusedit.torch.UserError if a folder has no such description
    static LanguageModelConfig llm(String base) {
        if (!isFolder(base)) return KnownLanguageModels.find(base).orElseThrow();
        var file = Path.of(base, CONFIG);
        return LanguageConfigs.read(json(file), file.toString());
    }

    /// The public name of an autoencoder of these sizes.
    ///
    /// @param place key of the part
    static String vae(String place, ReferenceConfig.Published part) {
        return published(place, part, KnownAutoencoders.names(), AutoencoderConfig.NOT_COMPARED,
                file -> AutoencoderConfig.of(json(file), file.toString()).described(file.toString()),
                name -> KnownAutoencoders.find(name).orElseThrow().described(name));
    }

    /// The public name of a CLIP model of these sizes.
    static String clip(String place, ReferenceConfig.Published part) {
        return published(place, part, KnownClipTexts.names(), KnownFields.of(""),
                file -> ClipTextConfig.of(json(file), file.toString()).described(file.toString()),
                name -> KnownClipTexts.find(name).orElseThrow().described(name));
    }

    static FlowMatchScheduler scheduler(ReferenceConfig.Published part) {
        if (!isFolder(part.name())) return KnownSchedulers.find(part.name()).orElseThrow();
        var file = part.folder().resolve("scheduler_config.json");
        return SchedulerConfigs.scheduler(json(file), file.toString());
    }

    private static String published(String place, ReferenceConfig.Published part, Collection<String> names, KnownFields passed,
            Function<Path, ModelDescription> own, Function<String, ModelDescription> known) {
        if (!isFolder(part.name())) return part.name();
        var description = own.apply(part.folder().resolve(CONFIG));
        var found = names.stream().filter(name -> description.differences(known.apply(name)).stream()
                .allMatch(difference -> passed.reason(difference.field()) != null)).findFirst();
        checkArgument(found.isPresent(), "%s.pretrained_model_name_or_path must be a folder with the sizes of one of %s, but %s has others",
                place, String.join(", ", names), description.where());
        return found.orElse(names.iterator().next());
    }

    private static ObjectNode json(Path file) { return JsonFile.object(file, REMEDY); }
}
