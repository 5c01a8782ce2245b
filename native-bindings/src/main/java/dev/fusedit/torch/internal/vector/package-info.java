/// Loops over tensors' memory by the Java Vector API, each doing in one pass what libtorch's ops do in many. Everything is computed in f32;
/// bf16 is only how it lies in memory. The only place with `jdk.incubator.vector`, a module that need not be there.
///
/// Rows are copied into arrays first, which are longer than a row where that is no multiple of the vector's length. What is beyond a row is
/// 0, so no loop has a tail of its own.
///
/// No vector is passed from one method to another: where the compiler does not inline such a call, every vector becomes an object. So each loop
/// holds all of its arithmetic, and more than one loop over a row, which lies in the first cache, costs little.
@org.jspecify.annotations.NullMarked
package dev.fusedit.torch.internal.vector;
