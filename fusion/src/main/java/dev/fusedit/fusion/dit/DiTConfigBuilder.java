package dev.fusedit.fusion.dit;

import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.nn.Activation;
import org.jspecify.annotations.Nullable;

/// Sets by name what a [DiTConfig] is made of. Each setter returns the builder itself. [DiTConfig#beside] and [DiTConfig#toBuilder] make one.
public final class DiTConfigBuilder {
    private int width;
    private int intermediate;
    private int layers;
    private int heads;
    private int kvHeads;
    private int headDim;
    private int patch = 2;
    private int inChannels;
    private int outChannels;
    private final ImagePositions positions;
    private TimeConditioning time;
    private boolean qkNorm;
    private boolean sandwichNorm;
    private int pooledText;
    private final double ropeTheta;
    private final double normEps;
    private double initRange;
    private boolean attentionBias;
    private final Activation activation;
    private @Nullable DetailHeadConfig detailHead;

    DiTConfigBuilder(LanguageModelConfig text, ImagePositions positions, TimeConditioning time) {
        width = text.hidden();
        intermediate = text.intermediate();
        heads = text.heads();
        kvHeads = text.kvHeads();
        headDim = text.headDim();
        this.positions = positions;
        this.time = time;
        ropeTheta = text.ropeTheta();
        normEps = text.normEps();
        initRange = text.initRange();
        attentionBias = text.attentionBias();
        activation = text.activation();
    }

    DiTConfigBuilder(DiTConfig from) {
        width = from.width();
        intermediate = from.intermediate();
        layers = from.layers();
        heads = from.heads();
        kvHeads = from.kvHeads();
        headDim = from.headDim();
        patch = from.patch();
        inChannels = from.inChannels();
        outChannels = from.outChannels();
        positions = from.positions();
        time = from.time();
        qkNorm = from.qkNorm();
        sandwichNorm = from.sandwichNorm();
        pooledText = from.pooledText();
        ropeTheta = from.ropeTheta();
        normEps = from.normEps();
        initRange = from.initRange();
        attentionBias = from.attentionBias();
        activation = from.activation();
        detailHead = from.detailHead();
    }

    public DiTConfigBuilder width(int value) {
        width = value;
        return this;
    }

    public DiTConfigBuilder intermediate(int value) {
        intermediate = value;
        return this;
    }

    public DiTConfigBuilder layers(int value) {
        layers = value;
        return this;
    }

    /// Others than the language model's.
    ///
    /// @param all attention heads
    /// @param ofKeys key/value heads
    /// @param dim width of a head
    public DiTConfigBuilder heads(int all, int ofKeys, int dim) {
        heads = all;
        kvHeads = ofKeys;
        headDim = dim;
        return this;
    }

    public DiTConfigBuilder patch(int value) {
        patch = value;
        return this;
    }

    /// Of the latent and of the prediction.
    public DiTConfigBuilder channels(int both) { return channels(both, both); }

    public DiTConfigBuilder channels(int in, int out) {
        inChannels = in;
        outChannels = out;
        return this;
    }

    public DiTConfigBuilder time(TimeConditioning value) {
        time = value;
        return this;
    }

    public DiTConfigBuilder qkNorm(boolean value) {
        qkNorm = value;
        return this;
    }

    public DiTConfigBuilder sandwichNorm(boolean value) {
        sandwichNorm = value;
        return this;
    }

    public DiTConfigBuilder pooledText(int value) {
        pooledText = value;
        return this;
    }

    public DiTConfigBuilder initRange(double value) {
        initRange = value;
        return this;
    }

    public DiTConfigBuilder attentionBias(boolean value) {
        attentionBias = value;
        return this;
    }

    /// @param value null for none
    public DiTConfigBuilder detailHead(@Nullable DetailHeadConfig value) {
        detailHead = value;
        return this;
    }

    /// @throws IllegalArgumentException if the parts do not fit together, or `layers` or `channels` were not set
    public DiTConfig build() {
        return new DiTConfig(width, intermediate, layers, heads, kvHeads, headDim, patch, inChannels, outChannels, positions, time, qkNorm,
                sandwichNorm, pooledText, ropeTheta, normEps, initRange, attentionBias, activation, detailHead);
    }
}
