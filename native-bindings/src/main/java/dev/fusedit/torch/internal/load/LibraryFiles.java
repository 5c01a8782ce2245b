package dev.fusedit.torch.internal.load;

import java.nio.file.Path;
import java.util.List;

/// The shared libraries of one libtorch, in the order in which they are to be opened.
///
/// @param folder where libtorch_cpu lies
/// @param inOrder libraries that others need come first
/// @param cuda what is opened beside them where there is an NVIDIA driver; empty for a build for the CPU, and where `inOrder` has it
/// @param source `presets` or `folder`
public record LibraryFiles(Path folder, List<Path> inOrder, List<Path> cuda, String source) {}
