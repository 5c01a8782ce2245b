package dev.fusedit.torch;

import java.nio.file.Path;

/// Which libtorch this process holds.
///
/// @param version such as `2.13.0`
/// @param path the folder it was loaded from
/// @param source `presets` (the Bytedeco build) or `folder` (named by `--libtorch`, `FUSEDIT_LIBTORCH` or a property)
public record LibtorchInfo(String version, Path path, String source) {}
