package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;
import java.util.List;

@Doc("What frozen models make of images and captions, computed once by './fusedit data cache RECIPE' and read in training in their place.")
public record CacheRecipe(
        @Doc("a folder, which several recipes may share") String folder,
        @Doc("the autoencoder's latents: 'run' as training computes them, with the same results to the bit; 'f16' and 'bf16' are rounded, "
                + "take half of the space and change results; 'none'. Where they are drawn, what they are drawn from is kept")
        @Default("run") Stored latents,
        @Doc("token ids of captions") @Default("true") boolean tokens,
        @Doc("keys and values of a frozen language model, or the hidden state that is read: 'run' in what run.precision computes them in. "
                + "Results are equal up to rounding, since training computes texts beside each other")
        @Default("none") Stored text,
        @Doc("patch features of the teacher of a repa loss. Results are equal up to rounding, since training computes images "
                + "beside each other")
        @Default("none") Stored features) {
    /// In what numbers are kept.
    public enum Stored {
        NONE,
        /// As they are computed.
        RUN, F16, BF16
    }

    public CacheRecipe {
        PathText.check("folder", folder);
    }

    /// Whether something is kept that is made of images.
    public boolean ofImages() { return latents != Stored.NONE || features != Stored.NONE; }

    /// Refuses what cannot be kept.
    void check(Run run, Model model, Data data, List<Stage> stages) {
        checkArgument(run.compatibility() == Run.Compatibility.NONE,
                "cache must be left out: run.compatibility reference reads images in an order and at a place of its own");
        checkData(data, "data");
        boolean hasVae = model.vae() != null;
        checkArgument(hasVae || latents == Stored.NONE || latents == Stored.RUN,
                "cache.latents must be left out: the model has no autoencoder (model.vae)");
        checkArgument(features == Stored.NONE || stages.stream().anyMatch(stage -> stage.losses().repa() != null),
                "cache.features must be none: no stage has a repa loss");
        if (text != Stored.NONE) stages.forEach(CacheRecipe::checkText);
    }

    private void checkData(Data data, String key) {
        switch (data) {
            case Data.Blocks _ -> checkArgument(false, "cache must be left out: %s is the built-in data, which is drawn for each step",
                    key);
            case Data.Images images -> checkArgument(images.centerCrop() || !ofImages(),
                    "%s.center_crop must be true, or cache.latents and cache.features none: any part of an image is another one each time",
                    key);
            case Data.Mixture mixture ->
                    mixture.sources().forEach(source -> checkData(source.data(), "data.sources." + source.name() + ".data"));
        }
    }

    private static void checkText(Stage stage) {
        for (var part : List.of(Part.LLM, Part.LLM_ADAPTER)) {
            checkArgument(!stage.trains(part), "cache.text must be none: stage '%s' trains the language model, which says something else "
                    + "after each step", stage.name());
        }
        checkArgument(stage.losses().language() == null && stage.losses().contrastive() == null,
                "cache.text must be none: stage '%s' has a language or a contrastive loss, which reads the language model's own output",
                stage.name());
    }
}
