package dev.fusedit.fusion.llm;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TensorSource;
import java.util.Arrays;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Whether a file's tensors are those that its configuration speaks of: as many layers, and one head.
final class StoredTensors {
    private static final Pattern LAYER = Pattern.compile("(?:.*\\.)?layers\\.(\\d+)\\.(?:self_attn|mlp|input_layernorm)\\..*");
    private static final Pattern SEEING = Pattern.compile(".*(vision|visual|image|audio).*");
    private static final String SHARED = "tie_word_embeddings";

    private StoredTensors() {}

    /// @param where the configuration, for messages
    /// @throws UserError if the file is part of a model, or another's than the configuration's
    static void require(TensorSource file, LanguageModelConfig config, String where) {
        requireLayers(file, config, where);
        requireOneHead(file, config, where);
    }

    private static void requireLayers(TensorSource file, LanguageModelConfig config, String where) {
        var layers = new TreeSet<Integer>();
        for (var name : file.names()) {
            var layer = LAYER.matcher(name);
            if (layer.matches() && !SEEING.matcher(name).matches()) {
                layers.add(Integer.parseInt(layer.group(1)));
            }
        }
        if (!layers.isEmpty() && (layers.size() != config.layers() || layers.last() != config.layers() - 1)) {
            throw new UserError("%s: num_hidden_layers is %d, but %s holds %s. One of the two is stale, or a part of a model"
                    .formatted(where, config.layers(), file.path(),
                            layers.last() == layers.size() - 1 ? "%d layers".formatted(layers.size())
                                    : "the layers " + layers));
        }
    }

    /// A head that is said to be the embedding table must be that.
    private static void requireOneHead(TensorSource file, LanguageModelConfig config, String where) {
        var head = named(file, LanguageModels.HEAD);
        var embedding = named(file, LanguageModels.EMBEDDING);
        if (!config.tied() || head.isEmpty() || embedding.isEmpty()) {
            return;
        }
        if (!isSame(file, head.get(), embedding.get())) {
            throw new UserError("%s: %s is true, but in %s %s has other values than %s. Say false if the model has a head of its own, "
                    .formatted(where, SHARED, file.path(), head.get(), embedding.get()) + "or take the stale one out of the file");
        }
    }

    private static Optional<String> named(TensorSource file, String name) {
        return file.names().stream().filter(each -> each.equals(name) || each.endsWith("." + name)).findFirst();
    }

    private static boolean isSame(TensorSource file, String a, String b) {
        if (!Arrays.equals(file.tensors().get(a).shape(), file.tensors().get(b).shape())) {
            return false;
        }
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            return file.read(a).sameValues(file.read(b));
        }
    }
}
