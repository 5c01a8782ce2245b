/// GPUs: which there are, and what they offer beside tensors. Streams, events, page-locked memory and the allocator have a twin on the CPU, so
/// that what is written for a GPU runs in the same order of calls without one.
///
/// The ways are libtorch's C ABI and the CUDA runtime beside it, so that any libtorch with CUDA serves: the presets' (`-Pcuda`) or a PyTorch
/// wheel's. Tensors themselves need nothing of this: an op runs where its operands are.
@NullMarked
package dev.fusedit.torch.cuda;

import org.jspecify.annotations.NullMarked;
