package dev.fusedit.fusion.llm;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderContents;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.GgufFile;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.torch.io.TensorSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.regex.Pattern;

/// Language models as Hugging Face's library saves them (`config.json` and safetensors, in one file or in shards), or as llama.cpp has
/// them, in one GGUF file.
///
/// A model that also sees (PaliGemma, Gemma 3) holds more; of such a one the text side alone is read.
public final class LanguageModels {
    static final String EMBEDDING = "embed_tokens.weight";
    static final String HEAD = "lm_head.weight";
    /// Parts of models that also see or hear, which stay in the weights where a configuration describes the text side alone.
    private static final Pattern OTHER_SENSES = Pattern.compile(
            "(^|\\.)(vision_tower|vision_model|vision_embed_tokens|visual|multi_modal_projector|mm_projector|image_newline|audio_tower|embed_vision|embed_audio)(\\.|$)");

    private LanguageModels() {}

    /// A model and its weights; closing it frees them.
    public record Loaded(LanguageModel model, Weights weights) implements AutoCloseable {
        @Override
        public void close() { weights.close(); }
    }

    /// A model's files before they are read.
    ///
    /// @param tensors named `model.…` and `lm_head.weight`; open until this is closed
    public record Stored(LanguageModelConfig config, TensorSource tensors) implements AutoCloseable {
        /// Looks whether the tensors are those that the configuration speaks of; may read two of them.
        ///
        /// @throws UserError if the file is part of a model, or another's than the configuration's
        public void requireWhole() { StoredTensors.require(tensors, config); }

        /// Reads the weights, and builds the model of them.
        Loaded load(DTypePolicy policy) {
            requireWhole();
            var weights = Weights.stored(RenamedTensors.of(tensors, name -> config.tied() && name.equals(HEAD) ? null : name), policy);
            try {
                var withHead = !config.tied() && tensors.contains(HEAD);
                var model = LanguageModel.of(config, weights.in("model"), withHead ? weights.in("lm_head") : null);
                weights.requireComplete();
                return new Loaded(model, weights);
            } catch (RuntimeException e) {
                weights.close();
                throw e;
            }
        }

        @Override
        public void close() { tensors.close(); }
    }

    /// Reads a folder or a GGUF file.
    ///
    /// @throws UserError if it is no such thing, of no family known here, or its files are broken or do not fit each other
    public static Loaded read(Path path, DTypePolicy policy) {
        try (var stored = open(path)) {
            return stored.load(policy);
        }
    }

    /// Reads weights for a configuration.
    ///
    /// @param within whether the file holds a larger model, whose other parts are left alone
    public static Loaded read(Path file, LanguageModelConfig config, boolean within, DTypePolicy policy) {
        try (var stored = opened(file, source -> new Stored(config, named(source, config, within)))) {
            return stored.load(policy);
        }
    }

    /// Opens a folder or a GGUF file: for a model that has a language model within.
    ///
    /// @throws UserError as [#read]
    public static Stored open(Path path) {
        if (Files.isRegularFile(path)) {
            return opened(path, LanguageModels::gguf);
        }
        var config = path.resolve("config.json");
        if (!Files.isRegularFile(config)) {
            throw new UserError("%s is not a language model's folder: it has no config.json; it holds %s".formatted(path,
                    FolderContents.of(path)));
        }
        var file = FolderTensors.weights(path);
        var fields = JsonFile.object(config, "Give a language model's folder in Hugging Face's form");
        var sizes = LanguageConfigs.read(fields, config.toString());
        return opened(file, source -> new Stored(sizes, named(source, sizes, fields.has("text_config"))));
    }

    private static Stored gguf(TensorSource source) {
        if (source instanceof GgufFile file) {
            var config = GgufConfigs.read(file);
            return new Stored(config, GgufTensors.of(file, config));
        }
        throw new UserError("%s: a language model in one file must be GGUF, this is %s; give the folder with its config.json"
                .formatted(source.path(), source.kind()));
    }

    private static Stored opened(Path file, Function<TensorSource, Stored> named) {
        var source = TensorFiles.open(file);
        try {
            source.requireWhole();
            return named.apply(source);
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    /// The file's tensors as `model.…` and `lm_head.weight`, wherever the file has them and whatever wrapped them. Left out are tables of
    /// frequencies, which older versions of the library saved.
    private static TensorSource named(TensorSource stored, LanguageModelConfig config, boolean within) {
        var file = RenamedTensors.unwrapped(stored);
        var prefix = file.names().stream().filter(name -> name.equals(EMBEDDING) || name.endsWith("." + EMBEDDING)).findFirst()
                .map(name -> name.substring(0, name.length() - EMBEDDING.length()))
                .orElseThrow(() -> new UserError("%s: holds no language model: it has no %s".formatted(file.path(), EMBEDDING)));
        return RenamedTensors.of(file, name -> {
            if (name.equals(HEAD) || name.endsWith("." + HEAD)) {
                return HEAD;
            }
            if (name.startsWith(prefix)) {
                return name.endsWith(".rotary_emb.inv_freq") ? null : "model." + name.substring(prefix.length());
            }
            return within || OTHER_SENSES.matcher(name).find() ? null : name;
        });
    }
}
