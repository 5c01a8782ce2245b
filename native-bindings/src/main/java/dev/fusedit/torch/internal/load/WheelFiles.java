package dev.fusedit.torch.internal.load;

import dev.fusedit.torch.LibtorchUnavailable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The libraries of a libtorch in a folder: the `lib` of a libtorch archive, or a PyTorch wheel's `torch/lib`, whose CUDA libraries lie in
/// sibling packages: `nvidia/*/lib`, such as `nvidia/cuda_runtime/lib` (CUDA 12) and `nvidia/cu13/lib`. A wheel's `libtorch_cuda` finds what
/// else it needs there by itself.
final class WheelFiles {
    private static final List<String> NEEDED = List.of("libc10.so", "libtorch_cpu.so");

    /// Of a build with CUDA.
    private static final List<String> CUDA = List.of("libc10_cuda.so", "libtorch_cuda.so");
    /// Marks for profilers: CUDA 12's library, CUDA 13's.
    private static final List<String> NVTX = List.of("libnvToolsExt.so", "libnvtx3interop.so");

    private static final Pattern VERSION = Pattern.compile("(?m)(?<![\\w.])(\\d+)\\.(\\d+)\\.\\d+\\S*?(?=['\"\\s]|$)");

    private WheelFiles() {}

    /// @param named the folder, or the one around it: a wheel's `torch`
    static LibraryFiles find(Path named) {
        var folder = Files.exists(named.resolve("lib").resolve(NEEDED.getFirst())) ? named.resolve("lib") : named;
        if (!Files.isDirectory(folder)) {
            throw new LibtorchUnavailable(
                    "FUSEDIT_LIBTORCH (or --libtorch) names %s, which is not a folder. %s".formatted(folder, LoadedLibrary.remedy()));
        }
        for (var name : NEEDED) {
            if (!Files.exists(folder.resolve(name))) {
                throw new LibtorchUnavailable("There is no %s in %s: this is not the lib folder of a libtorch. %s".formatted(name, folder,
                        LoadedLibrary.remedy()));
            }
        }
        checkVersion(folder);
        var files = new ArrayList<Path>();
        files.addAll(named(folder, "libgomp"));
        for (var needed : List.of("libcudart.so", "libcupti.so", "libcudart-", "libcupti-")) files.addAll(everywhere(folder, needed));
        NEEDED.forEach(name -> files.add(folder.resolve(name)));
        return new LibraryFiles(folder, List.copyOf(files), cuda(folder), "folder");
    }

    private static List<Path> cuda(Path folder) {
        var libraries = CUDA.stream().map(folder::resolve).toList();
        if (!libraries.stream().allMatch(Files::exists)) return List.of();
        return Stream.concat(libraries.stream(), NVTX.stream().flatMap(name -> everywhere(folder, name).stream()).limit(1)).toList();
    }

    /// In the folder, then in the sibling packages.
    private static List<Path> everywhere(Path folder, String prefix) {
        return Stream.concat(Stream.of(folder), siblings(folder).stream()).flatMap(place -> named(place, prefix).stream()).toList();
    }

    /// A wheel tells its version beside `lib` in `version.py`, an archive in `build-version`. Asked before anything is opened, so that an
    /// unsupported build does not stay in the process; a folder that tells nothing is judged after it was opened.
    private static void checkVersion(Path folder) {
        for (var file : List.of("version.py", "build-version")) {
            var path = folder.resolveSibling(file);
            if (!Files.isReadable(path)) {
                continue;
            }
            try {
                var version = VERSION.matcher(Files.readString(path));
                if (version.find() && !LoadedLibrary.supports(Integer.parseInt(version.group(1)), Integer.parseInt(version.group(2)))) {
                    throw new LibtorchUnavailable("libtorch %s in %s (by %s) is not supported. %s".formatted(version.group(), folder, path,
                            LoadedLibrary.remedy()));
                }
            } catch (IOException e) {
                throw new LibtorchUnavailable("Cannot read %s: %s".formatted(path, e.getMessage()), e);
            }
        }
    }

    private static List<Path> named(Path folder, String prefix) {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix)).sorted().toList();
        } catch (IOException e) {
            throw new LibtorchUnavailable("Cannot read the folder %s: %s".formatted(folder, e.getMessage()), e);
        }
    }

    private static List<Path> siblings(Path folder) {
        var packages = folder.toAbsolutePath().normalize().getParent();
        var nvidia = packages == null || packages.getParent() == null ? null : packages.getParent().resolve("nvidia");
        if (nvidia == null || !Files.isDirectory(nvidia)) {
            return List.of();
        }
        try (Stream<Path> parts = Files.list(nvidia)) {
            return parts.map(part -> part.resolve("lib")).filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            throw new LibtorchUnavailable("Cannot read the folder %s: %s".formatted(nvidia, e.getMessage()), e);
        }
    }
}
