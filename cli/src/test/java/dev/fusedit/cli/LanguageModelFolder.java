package dev.fusedit.cli;

import dev.fusedit.fusion.llm.LanguageConfigs;
import dev.fusedit.fusion.llm.LanguageModel;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.text.WordTokenizer;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.data.blocks.BlocksText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// A language model of random weights in Hugging Face's form, with the built-in words for a tokenizer.
final class LanguageModelFolder {
    private LanguageModelFolder() {}

    static Path write(Path folder, LanguageModelConfig config, DType dtype) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("tokenizer.json"), WordTokenizer.of(BlocksText.words()).toLibraryJson());
        Files.writeString(folder.resolve("config.json"), LanguageConfigs.json(config).toString());
        try (var weights = Weights.fresh(Seed.of(9), new DTypePolicy(dtype, dtype, Device.CPU)); var _ = TensorScope.open()) {
            LanguageModel.of(config, weights);
            var named = new LinkedHashMap<String, Tensor>();
            weights.state().forEach((name, value) -> named.put("model." + name, value));
            SafeTensors.write(folder.resolve("model.safetensors"), named, Map.of());
        }
        return folder;
    }
}
