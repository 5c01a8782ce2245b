/// What the paper's reference reads in which order, with the draws of its libraries (webdataset 0.2.86, CPython's `random`, PyTorch), for
/// `run.compatibility: reference`.
@NullMarked
package dev.fusedit.trainer.data.reference;

import org.jspecify.annotations.NullMarked;
