package dev.fusedit.trainer.serve;

import dev.fusedit.fusion.config.Bound;

/// What one client may ask for, and all of them together.
///
/// @param queue images that wait at most, those that are being made not counted; what comes then is refused
/// @param images of a request
/// @param side pixels along a side of an image
/// @param steps from noise to image
/// @param text characters of a prompt, and of a negative one
public record ServeLimits(int queue, int images, int side, int steps, int text) {
    public static final ServeLimits USUAL = new ServeLimits(64, 10, 1024, 200, 4000);

    /// Bytes of a request's body: a text in JSON may take six for each letter.
    private static final int BESIDE_TEXT = 4096;
    private static final int OF_A_LETTER = 6;

    public ServeLimits {
        Bound.BATCH.check("--queue", queue);
        Bound.BATCH.check("--max-images", images);
        Bound.SIDE.check("--max-side", side);
        Bound.SOLVER_STEPS.check("--max-steps", steps);
        Bound.BATCH.check("--max-text", text);
    }

    /// Of a request's body at most.
    int bytes() { return BESIDE_TEXT + 2 * OF_A_LETTER * text; }
}
