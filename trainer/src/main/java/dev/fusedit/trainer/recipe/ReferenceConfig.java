package dev.fusedit.trainer.recipe;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import com.google.common.base.Strings;
import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.flow.KnownSchedulers;
import dev.fusedit.fusion.llm.KnownLanguageModels;
import dev.fusedit.fusion.vae.KnownAutoencoders;
import dev.fusedit.fusion.vision.KnownClipTexts;
import dev.fusedit.trainer.recipe.binding.Names;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A configuration file of the paper's reference, field by field under its names, as far as the reference reads them. What it says that has
/// no meaning here is refused in these records, where the line is known; [ReferenceRecipe] makes a recipe of the rest.
///
/// A field that is left out is null to the reference, and may be so here where null means something to it.
record ReferenceConfig(Trainer trainer, Network model, Ema ema, Published vae, Published noiseScheduler, @Nullable Published clipL,
        AdamW optimizer,
        LrScheduler lrScheduler, Data data) {
    ReferenceConfig {
        vae.check("vae", "vae", KnownAutoencoders.names());
        noiseScheduler.check("noise_scheduler", "scheduler", KnownSchedulers.names());
        if (clipL != null) clipL.check("clip_l", "text_encoder", KnownClipTexts.names());
        checkArgument(model.hasClip() == (clipL != null), clipL == null ? "model.encoder_type must be llm without a clip_l, but is %s"
                : "clip_l must be left out with the encoder_type '%s'", model.encoderType());
        checkArgument(model.hasClip() == (data.tokenizer.clip != null), model.hasClip()
                ? "data.tokenizer must have a clip with the encoder_type '%s'"
                : "data.tokenizer.clip must be left out with the encoder_type '%s'",
                model.encoderType());
        if (clipL != null && data.tokenizer.clip != null) {
            data.tokenizer.clip.check("data.tokenizer.clip", "tokenizer", KnownClipTexts.names());
            checkArgument(data.tokenizer.clip.name().equals(clipL.name()), "data.tokenizer.clip must be that of clip_l, '%s', but is '%s'",
                    clipL.name(), data.tokenizer.clip.name());
            int width = KnownClipTexts.find(LocalParts.clip("clip_l", clipL)).orElseThrow().projection();
            checkArgument(model.textModulationEmbedsDim != null && model.textModulationEmbedsDim == width,
                    "model.text_modulation_embeds_dim must be the %s that clip_l has, but is %s", width, model.textModulationEmbedsDim);
        }
        checkArgument(clipL != null || model.textModulationEmbedsDim == null,
                "model.text_modulation_embeds_dim must be left out without a clip_l: nothing makes what it is the width of");
        checkArgument(data.tokenizer.llm.equals(model.base) || LocalParts.isFolder(data.tokenizer.llm),
                "data.tokenizer must be that of model.base, '%s', but is '%s'", model.base,
                data.tokenizer.llm);
        checkArgument(model.isFused() || trainer.trainLlm == null || !trainer.trainLlm,
                "trainer.train_llm must not be true with the model 'DiT': the reference never trains a language model beside it");
        checkArgument(model.isFused() || trainer.trainDit == null || trainer.trainDit,
                "trainer.train_dit must not be false with the model 'DiT': nothing else trains");
        checkArgument(!model.isFused() || trainer.trainDit != null && trainer.trainLlm != null,
                "trainer.train_dit must be given, and so must train_llm, with the model 'FuseDiT'");
    }

    /// @param cacheDir where the reference keeps what XLA compiled; nothing is compiled here
    /// @param modeScale read with the weighting scheme `mode` only
    /// @param project a heading at Weights & Biases
    record Trainer(@Nullable String cacheDir, String checkpointDir, int checkpointingSteps, int consolidationSteps,
            @Default("false") boolean enableGradientCheckpointing, @Default("1") int gradientAccumulationSteps,
            @Nullable Double gradientClipping,
            @Default("false") boolean hardSkipResume, int loggingSteps, @Default("0") double logitMean, @Default("1") double logitStd,
            int maxSteps,
            @Nullable String mixedPrecision, @Default("1.29") double modeScale, @Default("false") boolean preconditionOutputs,
            @Nullable String project, @Nullable String resumeFrom, String run, long seed, @Nullable Boolean trainDit,
            @Nullable Boolean trainLlm,
            @Nullable Integer validationSteps, @Default("none") String weightingScheme) {
        Trainer {
            checkArgument(gradientAccumulationSteps > 0, "gradient_accumulation_steps must be at least 1, but is %s",
                    gradientAccumulationSteps);
            checkArgument(!hardSkipResume, "hard_skip_resume must be false: a run here goes on exactly where it was, and skips nothing");
            oneOf("mixed_precision", mixedPrecision == null ? "no" : mixedPrecision, "bf16", "no");
            checkArgument(resumeFrom == null, "resume_from must be null: `train --resume` goes on, and weights.model begins with a file");
            checkArgument(validationSteps == null,
                    "validation_steps must be null: the reference never reads it. evaluation.validation is for that");
            oneOf("weighting_scheme", weightingScheme, "none", "logit_normal", "mode", "sigma_sqrt", "cosmap");
            checkArgument(run.matches("(.*/)?[A-Za-z0-9][A-Za-z0-9_.-]*"), "run must end in letters, digits, '-', '_' or '.', but is '%s'",
                    run);
        }
    }

    /// @param attention `self` or `cross`
    /// @param base public name of the language model, or its folder
    /// @param name `FuseDiT`, or `DiT` for the baselines
    /// @param sharedAttentionLayers all if null
    record Network(String attention, String base, @Nullable Integer ditHiddenSize, int ditNumHiddenLayers,
            @Default("llm") String encoderType,
            @Nullable Integer initialLayers, String name, int patchSize, String posEmbed, @Default("false") boolean qkNorm,
            @Default("false") boolean sandwichNorm, @Nullable List<Integer> sharedAttentionLayers, @Nullable Integer textHiddenSize,
            @Nullable Integer textHiddenStatesIndex, @Nullable Integer textModulationEmbedsDim, @Nullable String timestepConditioning) {
        Network {
            oneOf("attention", attention, "self", "cross");
            oneOf("encoder_type", encoderType, "llm", "clip-llm");
            oneOf("name", name, "FuseDiT", "DiT");
            oneOf("pos_embed", posEmbed, "ape", "1d-rope", "2d-rope", "m-rope");
            oneOf("timestep_conditioning", timestepConditioning == null ? "none" : timestepConditioning, "none", "adaln-zero",
                    "adaln-single",
                    "addition");
            known("base", base, KnownLanguageModels.names());
            boolean fused = name.equals("FuseDiT");
            checkArgument(fused || initialLayers == null, "initial_layers must be left out: the model 'DiT' shares no layers");
            checkArgument(fused || sharedAttentionLayers == null,
                    "shared_attention_layers must be left out: the model 'DiT' shares no layers");
            checkArgument(fused || encoderType.equals("llm"), "encoder_type must be llm with the model 'DiT', but is %s", encoderType);
            checkArgument(fused == (textHiddenStatesIndex == null), fused
                    ? "text_hidden_states_index must be left out: the model 'FuseDiT' reads every layer"
                    : "text_hidden_states_index must be given with the model 'DiT'");
            int width = LocalParts.llm(base).hidden();
            checkArgument(textHiddenSize == null || textHiddenSize == width, "text_hidden_size must be the %s that %s has, but is %s",
                    width, base,
                    textHiddenSize);
            sharedAttentionLayers = sharedAttentionLayers == null ? null : ImmutableList.copyOf(sharedAttentionLayers);
        }

        boolean isFused() { return name.equals("FuseDiT"); }

        boolean hasClip() { return encoderType.equals("clip-llm"); }
    }

    /// @param updateSteps none is kept if null
    record Ema(@Default("0.99") double decay, @Nullable Integer updateSteps) {}

    /// A part of a pipeline at Hugging Face, or in a folder of this machine.
    record Published(String pretrainedModelNameOrPath, @Nullable String subfolder) {
        String name() { return pretrainedModelNameOrPath; }

        /// Of the part, on this machine.
        Path folder() { return Path.of(pretrainedModelNameOrPath, Strings.nullToEmpty(subfolder)); }

        void check(String place, String part, Set<String> known) {
            known(place + ".pretrained_model_name_or_path", pretrainedModelNameOrPath, known);
            checkArgument(part.equals(subfolder) || subfolder == null && LocalParts.isFolder(name()), "%s.subfolder must be %s, but is %s",
                    place, part, subfolder);
        }
    }

    record AdamW(@Default("1e-3") double lr, @Default("[0.9, 0.999]") List<Double> betas, @Default("1e-8") double eps,
            @Default("1e-2") double weightDecay) {}

    record LrScheduler(String name, @Default("0") int numWarmupSteps, @Nullable Double numCycles, @Default("1") double power,
            @Nullable String stepRules) {
        LrScheduler {
            oneOf("name", name, "constant", "constant_with_warmup", "piecewise_constant", "linear", "cosine", "cosine_with_restarts",
                    "polynomial");
            boolean warms = !name.equals("constant") && !name.equals("piecewise_constant");
            checkArgument(warms || numWarmupSteps == 0, "num_warmup_steps must be 0 with '%s', which has no warm-up, but is %s", name,
                    numWarmupSteps);
        }
    }

    /// @param addGenerationPrompt read with `apply_chat_template` only
    /// @param batchSize of one process
    /// @param devicePrefetchSize batches that a TPU's loader keeps on the device, and `loaderPrefetchSize` beside it
    /// @param originalCaptionRate how often the original caption is taken where there is one
    record Data(@Nullable Boolean addGenerationPrompt, @Default("false") boolean applyChatTemplate, int batchSize,
            CaptionColumn captionColumn,
            @Default("false") boolean centerCrop, int dataloaderNumWorkers, String dataPath, @Nullable Integer devicePrefetchSize,
            String imageColumn,
            String instruction, @Nullable Integer loaderPrefetchSize, int maxPromptLength, @Default("0") double originalCaptionRate,
            @Default("0") double randomDroppingRate, int resolution, Tokenizer tokenizer) {
        Data {
            checkArgument(!applyChatTemplate || addGenerationPrompt != null && addGenerationPrompt,
                    "add_generation_prompt must be true with apply_chat_template: a prompt here ends where the answer begins, but is %s",
                    addGenerationPrompt);
            checkArgument(originalCaptionRate >= 0 && originalCaptionRate <= 1, "original_caption_rate must lie in 0 to 1, but is %s",
                    originalCaptionRate);
        }
    }

    record CaptionColumn(String original, String synthetic) {}

    /// `tokenizer: NAME` is `tokenizer: {llm: NAME}`.
    record Tokenizer(@Nullable Published clip, String llm) {}

    private static void oneOf(String key, String value, String... allowed) {
        checkArgument(List.of(allowed).contains(value), "%s must be one of %s, but is '%s'.%s", key, String.join(", ", allowed), value,
                Names.hint(value, List.of(allowed)));
    }

    private static void known(String key, String name, Set<String> names) {
        checkArgument(names.contains(name) || LocalParts.isFolder(name), "%s must be a name that is known here, but is '%s'.%s Or give its "
                + "folder", key, name, Names.suggestion(name, names));
    }
}
