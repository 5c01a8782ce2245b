package dev.fusedit.fusion.dit;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import java.util.stream.IntStream;

/// A language model, an image side, and how they are fused.
///
/// @param initialLayers of the language model that run before the first fused one
/// @param shared which of the layers after those are fused; one that is not runs as a plain layer, and so does its block. With
///        [SharedLayers.OneEach] there are no initial layers: those that it leaves out are plain layers between
/// @param attention how fused layers make scores
public record FuseDiTConfig(LanguageModelConfig text, DiTConfig image, Fusion fusion, int initialLayers, SharedLayers shared,
        AttentionScoring attention) implements ImageModelConfig {
    public FuseDiTConfig {
        checkArgument(initialLayers >= 0 && initialLayers < text.layers(), "initial layers must be 0 to %s, got %s", text.layers() - 1,
                initialLayers);
        checkArgument(text.heads() == image.heads() && text.kvHeads() == image.kvHeads() && text.headDim() == image.headDim(),
                "both sides need the same heads, key/value heads and head width, got %s and %s", text, image);
        checkArgument(text.activation() == image.activation(), "both sides' MLPs need the same activation, got %s and %s",
                text.activation(), image.activation());
        switch (shared) {
            case SharedLayers.All() -> {}
            case SharedLayers.Some(var layers) -> checkArgument(layers.stream().allMatch(i -> i >= initialLayers && i < text.layers()),
                    "shared layers must be %s to %s, got %s", initialLayers, text.layers() - 1, layers);
            case SharedLayers.OneEach(var layers) -> {
                checkArgument(layers.getLast() < text.layers(), "layers that are read must be 0 to %s, got %s", text.layers() - 1, layers);
                checkArgument(initialLayers == 0, "initial layers must be 0 where each block's layer is named, got %s", initialLayers);
                checkArgument(layers.size() <= image.layers(), "there are %s blocks for the layers %s", image.layers(), layers);
            }
        }
    }

    /// With fused layers as the paper has them.
    public FuseDiTConfig(LanguageModelConfig text, DiTConfig image, Fusion fusion, int initialLayers, SharedLayers shared) {
        this(text, image, fusion, initialLayers, shared, AttentionScoring.PLAIN);
    }

    /// The language model's layer that a block is fused with, or -1 for a plain block.
    public int textLayer(int block) {
        return switch (shared) {
            case SharedLayers.All() -> block + initialLayers < text.layers() ? block + initialLayers : -1;
            case SharedLayers.Some(var layers) -> layers.contains(block + initialLayers) ? block + initialLayers : -1;
            case SharedLayers.OneEach(var layers) -> block < layers.size() ? layers.get(block) : -1;
        };
    }

    /// The block that a layer of the language model lies beside, which need not read it; outside of the image side for a layer that lies beside none.
    public int block(int textLayer) {
        return switch (shared) {
            case SharedLayers.All() -> textLayer - initialLayers;
            case SharedLayers.Some _ -> textLayer - initialLayers;
            case SharedLayers.OneEach(var layers) -> layers.indexOf(textLayer);
        };
    }

    /// Layers of the language model that blocks read, in their order.
    public ImmutableList<Integer> readLayers() {
        return IntStream.range(0, image.layers()).map(this::textLayer).filter(layer -> layer >= 0).boxed()
                .collect(ImmutableList.toImmutableList());
    }

    /// Layers of the language model that the image needs: none after the last shared one.
    public int textDepth() {
        for (int block = image.layers() - 1; block >= 0; block--) {
            if (textLayer(block) >= 0) {
                return textLayer(block) + 1;
            }
        }
        return 0;
    }
}
