/// The elementwise parts of a transformer block in one pass each, forward and backward, on the CPU. They know no graph: who calls them
/// has the backward to write, as the ops of models do.
///
/// They are compiled from the Java Vector API, whose module `jdk.incubator.vector` must be asked for when Java starts: by
/// `--add-exports=java.base/jdk.internal.module=ALL-UNNAMED`, as the launcher does, or by `--add-modules jdk.incubator.vector`, of which Java warns
/// in a line. Without it [Fused#serves] says no, and libtorch's ops do the same work.
@NullMarked
package dev.fusedit.torch.fused;

import org.jspecify.annotations.NullMarked;
