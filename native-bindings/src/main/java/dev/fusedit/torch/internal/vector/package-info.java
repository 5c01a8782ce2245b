/// Loops over tensors' memory by the Java Vector API, each doing in one pass what libtorch's ops do in many. Everything is computed in f32;
/// bf16 is only how it lies in memory. The only place with `jdk.incubator.vector`, a module that need not be there.
///
/// Rows are copied into arrays first, which are longer than a row where that is no multiple of the vector's length. What is beyond a row is
/// 0, so no loop has a tail of its own.
///
/// The width is `FloatVector.SPECIES_PREFERRED`: the widest that the CPU's flags, and Java's options, allow for every element type. It is never found
/// by timing, since the width decides in which order a sum is taken, and with it the bits: 512 on a CPU with AVX-512, 256 with AVX2. That the widest is
/// right was measured on an AMD EPYC with AVX-512, one thread, forward and backward, microseconds, least of 300, beside other work:
///
/// | f32 (bf16) | 512 bits | 256 bits, `-XX:MaxVectorSize=32` |
/// |---|---|---|
/// | modulated RMS norm, (4, 256, 384) | 360 (419) | 445 (574) |
/// | six heads of 64, normed and rotated | 580 (645) | 553 (680) |
/// | GELU times a gate, (4, 256, 1024) | 2,628 (2,761) | 2,960 (3,300) |
///
/// With less than 256 bits on x86, that is without AVX2, Java has not all of these operations as instructions, and makes an object of each vector
/// instead (with `-XX:UseAVX=1` the norm above did not end in minutes; without FMA a single `fma` takes 1.6 microseconds). There
/// [dev.fusedit.torch.fused.Fused#serves] says no, as it does without the module, and libtorch's ops do the same work.
///
/// No vector is passed from one method to another: where the compiler does not inline such a call, every vector becomes an object. So each loop
/// holds all of its arithmetic, and more than one loop over a row, which lies in the first cache, costs little.
@org.jspecify.annotations.NullMarked
package dev.fusedit.torch.internal.vector;
