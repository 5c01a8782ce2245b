package dev.fusedit.torch.internal.load;

import java.nio.file.Path;
import java.util.List;

/// The shared libraries of one libtorch, in the order in which they are to be opened.
///
/// @param folder where libtorch_cpu lies
/// @param inOrder libraries that others need come first
/// @param source `presets` or `folder`
public record LibraryFiles(Path folder, List<Path> inOrder, String source) {}
