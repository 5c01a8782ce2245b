package dev.fusedit.trainer.eval.blocks.selfcheck;

/// One change that makes a true caption false, be it made in the caption or in the image.
public enum Change {
    COLOR, SHAPE, COUNT, RELATION, SWAP, ADDED, REMOVED
}
