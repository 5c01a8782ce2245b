package dev.fusedit.torch.internal.load;

import dev.fusedit.torch.LibtorchUnavailable;
import java.io.IOException;
import java.net.JarURLConnection;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/// The Bytedeco presets' libraries: found in the natives' jars on the class path, unpacked once into JavaCPP's own cache.
///
/// Places, sizes and times are those that JavaCPP expects, so that its loader takes the very same files and a process never holds two
/// libtorches. No JavaCPP class is loaded for this.
final class PresetFiles {
    private static final String PLATFORM = platform();
    /// Libraries of each preset that libtorch needs, those that others need first. What a platform does not have is left out.
    private static final List<String> IN_ORDER = List.of("pytorch/libgomp.so.1", "openblas/libgcc_s.so.1", "openblas/libquadmath.so.0",
            "openblas/libgfortran.so.5", "openblas/libopenblas.so.0", "pytorch/libc10.so", "pytorch/libtorch_cpu.so",
            "pytorch/libiomp5.dylib", "openblas/libgcc_s.1.1.dylib", "openblas/libquadmath.0.dylib", "openblas/libgfortran.5.dylib",
            "openblas/libopenblas.0.dylib", "pytorch/libc10.dylib", "pytorch/libtorch_cpu.dylib");

    private PresetFiles() {}

    static LibraryFiles find() {
        var files = new ArrayList<Path>();
        for (var name : IN_ORDER) {
            var resource = "org/bytedeco/" + name.replace("/", "/" + PLATFORM + "/");
            var url = PresetFiles.class.getClassLoader().getResource(resource);
            if (url != null) {
                try {
                    files.add(unpacked((JarURLConnection) url.openConnection()));
                } catch (IOException e) {
                    throw new LibtorchUnavailable("Cannot unpack %s into %s: %s. Make room there, or name another folder by -Dorg.bytedeco.javacpp.cachedir."
                            .formatted(resource, cache(), e.getMessage()), e);
                }
            }
        }
        var main = files.stream().filter(file -> file.getFileName().toString().startsWith("libtorch_cpu.")).findFirst()
                .orElseThrow(() -> new LibtorchUnavailable(("The class path has no libtorch for %s (looked for org/bytedeco/pytorch/%s in the jars). "
                        + "Add org.bytedeco:pytorch with classifier %s. Or: %s").formatted(PLATFORM, PLATFORM, PLATFORM, LoadedLibrary.remedy())));
        return new LibraryFiles(main.getParent(), List.copyOf(files), "presets");
    }

    private static Path unpacked(JarURLConnection connection) throws IOException {
        connection.setUseCaches(false);
        try (var jar = connection.getJarFile()) {
            var entry = connection.getJarEntry();
            var target = cache().resolve(Path.of(jar.getName()).getFileName()).resolve(entry.getName());
            if (!fits(target, entry)) {
                unpack(jar, entry, target);
            }
            return target;
        }
    }

    private static boolean fits(Path file, JarEntry entry) throws IOException {
        return Files.exists(file) && Files.size(file) == entry.getSize() && Files.getLastModifiedTime(file).toMillis() == entry.getTime();
    }

    /// Written beside its place and moved there, under JavaCPP's lock: another process sees all of it or nothing.
    private static void unpack(JarFile jar, JarEntry entry, Path target) throws IOException {
        Files.createDirectories(target.getParent());
        try (var channel = FileChannel.open(cache().resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE); var _ = channel.lock()) {
            if (fits(target, entry)) {
                return;
            }
            var part = target.resolveSibling(target.getFileName() + ".part");
            try (var in = jar.getInputStream(entry)) {
                Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
            }
            Files.setLastModifiedTime(part, FileTime.fromMillis(entry.getTime()));
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static Path cache() {
        var named = System.getProperty("org.bytedeco.javacpp.cachedir", System.getProperty("org.bytedeco.javacpp.cacheDir", ""));
        return named.isBlank() ? Path.of(System.getProperty("user.home"), ".javacpp", "cache") : Path.of(named);
    }

    private static String platform() {
        var system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        var arch = System.getProperty("os.arch");
        var name = system.startsWith("mac") ? "macosx" : system.startsWith("win") ? "windows" : "linux";
        return name + "-" + switch (arch) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm64";
            default -> arch;
        };
    }
}
