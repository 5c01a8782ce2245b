package dev.fusedit.trainer.plan;

/// Products of matrices (rows × in) · (in × out), so many of them in a step.
///
/// @param of whom
/// @param count how often; a backward pass has two more of each forward one
record Matmul(Of of, long rows, long in, long out, double count) {
    enum Of {
        DIT, LLM,
        /// What only looks on: the autoencoder, CLIP.
        BESIDE
    }

    double flops() { return 2.0 * rows * in * out * count; }
}
