package dev.fusedit.trainer.sampling;

import dev.fusedit.fusion.pipeline.LoadedPipeline;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.TensorHash;
import java.util.TreeMap;

/// What tells a model from others, wherever its files lie and whatever they are called.
///
/// @param sha256 in hex, of all weights, each rounded to bf16, adapters merged: a run, its export, and a machine that holds them in another
///        dtype have the same one; a step of training changes it
public record ModelFingerprint(String sha256) {
    private static final int SHORT = 10;

    public static ModelFingerprint of(LoadedPipeline model) {
        var hash = new TensorHash();
        new TreeMap<>(model.weights()).forEach((part, weights) -> {
            try (var _ = TensorScope.open()) {
                new TreeMap<>(weights.mergedLocalState()).forEach((name, tensor) -> {
                    try (var _ = TensorScope.open()) {
                        hash.add(part + "/" + name, tensor.detach().to(DType.BF16));
                    }
                });
            }
        });
        return new ModelFingerprint(hash.hex());
    }

    /// As web UIs show it.
    public String brief() { return sha256.substring(0, Math.min(SHORT, sha256.length())); }
}
