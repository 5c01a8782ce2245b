package dev.fusedit.fusion.dit;

import static dev.fusedit.fusion.config.Rules.checkArgument;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Doc;

/// Shape of a [DetailHead].
///
/// @param width channels between its convolutions
/// @param layers convolutions
@Doc("3 x 3 convolutions over the predicted image and the noisy one, whose result is added to the prediction. The last one begins at 0, so that a "
        + "model begins as it would without them (after DiP, https://arxiv.org/abs/2511.18822).")
public record DetailHeadConfig(
        @Doc("channels between the convolutions") @Default("32") int width,
        @Doc("convolutions, at least 2") @Default("3") int layers) {
    public DetailHeadConfig {
        Bound.CHANNELS.check("width", width);
        Bound.LAYERS.check("layers", layers);
        checkArgument(layers >= 2, "layers must be at least 2, but is %s", layers);
    }
}
