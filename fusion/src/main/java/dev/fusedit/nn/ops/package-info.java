/// The ops that layers are written in: each is one file with its forward and its backward side by side.
///
/// [Ops] is how a model is computed: for a result alone ([Ops#INFERENCE]), with libtorch's graph ([Ops#AUTOGRAD]), or recorded for the
/// backward pass of training ([RecordedOps]). A layer is written once, over [Ops].
@NullMarked
package dev.fusedit.nn.ops;

import org.jspecify.annotations.NullMarked;
