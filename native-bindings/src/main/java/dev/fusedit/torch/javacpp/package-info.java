/// Side by side with JavaCPP: the presets' files, tensors to and from `org.bytedeco.pytorch`, its CUDA allocator. The only
/// package that names `org.bytedeco`. Nothing here is needed to train, sample or evaluate, except to find the presets' libtorch.
@NullMarked
package dev.fusedit.torch.javacpp;

import org.jspecify.annotations.NullMarked;
