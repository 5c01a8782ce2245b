package dev.fusedit.trainer.model;

import dev.fusedit.fusion.pipeline.PooledText;
import dev.fusedit.fusion.text.SubwordTokenizer;
import dev.fusedit.fusion.vision.ClipTextConfig;
import dev.fusedit.fusion.vision.ClipTextModel;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TensorFiles;
import java.nio.file.Path;
import java.util.List;

/// A frozen CLIP's reading of captions, one vector each, which joins the time's vector of models that take it. In f32, without gradients.
///
/// @param weights of the CLIP model; closed with this, as the tokenizer is
/// @param folder that it was read from
public record ClipCaptions(PooledText text, Weights weights, SubwordTokenizer tokenizer, Path folder) implements AutoCloseable {
    private static final int PAD = 0;

    /// Reads `config.json`, `tokenizer.json` and the weights of a folder in Hugging Face's form.
    ///
    /// @param name of the key that names the folder, for messages
    /// @throws UserError if the folder does not hold one
    static ClipCaptions read(Path folder, Device device, String name) {
        var config = folder.resolve("config.json");
        try (var file = TensorFiles.open(FolderTensors.weights(folder))) {
            var json = JsonFile.object(config, "%s needs the folder of a CLIP text model in Hugging Face's form".formatted(name));
            var weights = Weights.stored(ClipTextModel.named(file), DTypePolicy.F32.on(device));
            try {
                var clip = ClipTextModel.of(ClipTextConfig.of(json, config.toString()), weights);
                weights.requireComplete();
                var tokenizer = SubwordTokenizer.clip(folder.resolve("tokenizer.json"));
                return new ClipCaptions(new PooledText(clip, tokenizer, PAD), weights, tokenizer, folder);
            } catch (RuntimeException e) {
                weights.close();
                throw e;
            }
        }
    }

    /// Width of a vector.
    int width() { return text.clip().config().projection(); }

    /// (B, width)
    public Tensor of(List<String> captions) {
        try (var scope = TensorScope.open(); var _ = Autograd.noGrad()) {
            return scope.keep(text.of(captions));
        }
    }

    @Override
    public void close() {
        weights.close();
        tokenizer.close();
    }
}
