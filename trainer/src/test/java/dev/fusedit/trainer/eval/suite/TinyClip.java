package dev.fusedit.trainer.eval.suite;

import dev.fusedit.fusion.vision.ClipTextConfig;
import dev.fusedit.fusion.vision.ClipTextModel;
import dev.fusedit.fusion.vision.ClipVisionConfig;
import dev.fusedit.fusion.vision.ClipVisionModel;
import dev.fusedit.nn.Activation;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// A whole CLIP in Hugging Face's form, with random weights, small enough for tests.
final class TinyClip {
    private static final Path TOKENIZER = Path.of("../fusion/src/test/resources/saved_pipelines/fuse-dit-clip/clip_tokenizer");
    private static final String CONFIG = """
            {"model_type": "clip", "projection_dim": 12,
             "text_config": {"vocab_size": 49408, "hidden_size": 16, "intermediate_size": 32, "projection_dim": 12, "num_hidden_layers": 2,
                             "num_attention_heads": 2, "max_position_embeddings": 77, "eos_token_id": 49407},
             "vision_config": {"hidden_size": 16, "intermediate_size": 32, "projection_dim": 12, "num_hidden_layers": 2,
                               "num_attention_heads": 2, "image_size": 28, "patch_size": 7}}
            """;

    private TinyClip() {}

    static Path write(Path folder) throws IOException {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            ClipTextModel.of(new ClipTextConfig(49408, 16, 32, 12, 2, 2, 77, 1e-5, Activation.QUICK_GELU, 49407), weights);
            ClipVisionModel.of(new ClipVisionConfig(16, 32, 12, 2, 2, 28, 7, 1e-5, Activation.QUICK_GELU), weights);
            SafeTensors.write(folder.resolve("model.safetensors"), weights.state(), Map.of("format", "pt"));
        }
        Files.writeString(folder.resolve("config.json"), CONFIG);
        try (var files = Files.list(TOKENIZER)) {
            for (var file : files.toList()) Files.copy(file, folder.resolve(file.getFileName()));
        }
        return folder;
    }

}
