package dev.fusedit.torch.internal.load;

import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.presets.PresetLibraries;
import java.util.List;

/// The libtorch of the Bytedeco presets.
final class PresetFiles {
    private PresetFiles() {}

    static LibraryFiles find() {
        var files = PresetLibraries.files();
        if (files.isEmpty()) {
            throw new LibtorchUnavailable("No libtorch: %s. %s".formatted(PresetLibraries.reason(), remedy()));
        }
        var main = files.stream().filter(file -> file.getFileName().toString().startsWith("libtorch_cpu.")).findFirst().orElseThrow();
        return new LibraryFiles(main.getParent(), files, List.of(), "presets");
    }

    static String remedy() {
        return "Unpack the bundled one elsewhere by FUSEDIT_JAVA_OPTS=-D%s=DIR, or set".formatted(PresetLibraries.CACHE)
                + LoadedLibrary.remedy().substring("Set".length());
    }
}
