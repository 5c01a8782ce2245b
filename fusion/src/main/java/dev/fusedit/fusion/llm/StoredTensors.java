package dev.fusedit.fusion.llm;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TensorInfo;
import dev.fusedit.torch.io.TensorSource;
import java.util.Arrays;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Whether a file's tensors are those that its configuration speaks of: as many layers, and one head. Names are those of
/// [LanguageModels.Stored].
final class StoredTensors {
    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";
    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\..*");

    private StoredTensors() {}

    /// @throws UserError if the file is part of a model, or of another one than its configuration
    static void require(TensorSource file, LanguageModelConfig config) {
        requireLayers(file, config);
        if (config.tied()) {
            requireOneHead(file);
        }
    }

    private static void requireLayers(TensorSource file, LanguageModelConfig config) {
        var layers = new TreeSet<Integer>();
        for (var name : file.names()) {
            var layer = LAYER.matcher(name);
            if (layer.matches()) {
                layers.add(Integer.parseInt(layer.group(1)));
            }
        }
        if (layers.size() != config.layers() || layers.last() != config.layers() - 1) {
            throw new UserError(
                    "%s: num_hidden_layers is %d, but the file holds the layers %s. One of the two is stale, or a part of a model"
                            .formatted(file.path(), config.layers(), layers));
        }
    }

    /// A head that is said to be the embedding table must be that.
    private static void requireOneHead(TensorSource file) {
        TensorInfo head = file.tensors().get(HEAD), embedding = file.tensors().get(EMBEDDING);
        if (head == null || embedding == null) {
            return;
        }
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            if (!Arrays.equals(head.shape(), embedding.shape()) || !file.read(HEAD).sameValues(file.read(EMBEDDING))) {
                throw new UserError(("%s: tie_word_embeddings is true, but %s has other values than the embedding table. "
                        + "Say false if the model has a head of its own, or take the stale one out of the file")
                        .formatted(file.path(), HEAD));
            }
        }
    }
}
