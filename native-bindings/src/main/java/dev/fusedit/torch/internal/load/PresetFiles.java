package dev.fusedit.torch.internal.load;

import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.presets.PresetLibraries;

/// The libtorch of the Bytedeco presets.
final class PresetFiles {
    private PresetFiles() {}

    static LibraryFiles find() {
        var files = PresetLibraries.files();
        if (files.isEmpty()) {
            throw new LibtorchUnavailable("No libtorch: %s. %s".formatted(PresetLibraries.reason(),
                    PresetLibraries.isIncomplete() ? "Add the dependency dev.fusedit:libtorch (its type is pom), or " + other() : remedy()));
        }
        var main = files.stream().filter(file -> file.getFileName().toString().startsWith("libtorch_cpu.")).findFirst().orElseThrow();
        return new LibraryFiles(main.getParent(), files, "presets");
    }

    static String remedy() {
        return "Unpack it elsewhere by FUSEDIT_JAVA_OPTS=-D%s=DIR, or ".formatted(PresetLibraries.CACHE) + other();
    }

    private static String other() { return LoadedLibrary.other().replaceFirst("Set", "set") + " (a PyTorch wheel's torch/lib, say)."; }
}
