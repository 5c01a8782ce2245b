package dev.fusedit.torch.presets;

import dev.fusedit.torch.host.SystemReason;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The native files of the presets' libtorch, taken from the jars on the class path through JavaCPP's own cache, so that JavaCPP, when
/// it is used later in the process, finds the same files and the process keeps one libtorch. No JNI library is loaded here, and no
/// class of JavaCPP either once the cache is filled: start-up then costs one look at each jar's table of contents.
public final class PresetLibraries {
    private static final String PYTORCH = "org/bytedeco/pytorch/";
    private static final String OPENBLAS = "org/bytedeco/openblas/";
    private static final String CUDA = "org/bytedeco/cuda/";

    /// What the CUDA build needs before libtorch, in load order: only those in a redist jar are listed, the system has the others.
    private static final List<String> CUDA_RUNTIME = List.of("libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "libcufft.so.12",
            "libcupti.so.13", "libcurand.so.10", "libnvJitLink.so.13", "libcusparse.so.12", "libcusolver.so.12", "libcudnn.so.9",
            "libcufile.so.0", "libnccl.so.2", "libnvrtc.so.13");

    /// Names the folder that they are unpacked to, as a property of the system.
    public static final String CACHE = "org.bytedeco.javacpp.cachedir";

    private static @Nullable Found found;

    private PresetLibraries() {}

    /// The files to load, in load order: what OpenMP and OpenBLAS need, then `libc10` and `libtorch_cpu`, then the CUDA libraries if
    /// the class path holds the `-gpu` build. The first call in the life of a cache unpacks them (about 360 MB, some seconds).
    ///
    /// @return an empty list if the presets' natives are not on the class path or could not be unpacked; [#reason()] then says why
    public static List<Path> files() { return find().files; }

    /// The version of libtorch in the presets' jar, for example `2.13.0`; empty without the jar.
    public static Optional<String> version() { return Optional.ofNullable(find().version); }

    /// Why [#files()] is empty, as one sentence; empty text if it is not.
    public static String reason() { return find().reason; }

    /// Whether the class path lacks a native file, so that a dependency has to be added.
    public static boolean isIncomplete() { return find().incomplete; }

    private record Found(List<Path> files, @Nullable String version, String reason, boolean incomplete) {
        static Found lacking(@Nullable String version, String what) { return new Found(List.of(), version, "the class path " + what, true); }
    }

    private static synchronized Found find() {
        if (found == null) {
            found = lookUp(platform());
        }
        return found;
    }

    private static Found lookUp(String platform) {
        var torch = PYTORCH + platform + (resource(PYTORCH + platform + "-gpu/" + core(platform)) == null ? "/" : "-gpu/");
        if (resource(torch + core(platform)) == null) {
            return Found.lacking(null, "has no preset natives for " + platform + " (org.bytedeco:pytorch:"
                    + platform + ", or " + platform + "-gpu, holds " + torch + core(platform) + ")");
        }
        var files = new ArrayList<Path>();
        try {
            for (var name : names(torch, platform)) {
                var url = resource(name);
                if (url != null) {
                    files.add(cached(url));
                } else if (name.startsWith(PYTORCH) || name.contains("libopenblas")) {
                    return Found.lacking(version(torch), "lacks " + name
                            + (name.startsWith(OPENBLAS) ? " (it is in org.bytedeco:openblas:" + platform + ")" : ""));
                }
            }
        } catch (IOException e) {
            return new Found(List.of(), version(torch), "its natives (360 MB) could not be unpacked: " + why(e), false);
        }
        return new Found(List.copyOf(files), version(torch), "", false);
    }

    /// Resource names in load order. OpenBLAS comes before libtorch, whose own search path names the machine that built it.
    private static List<String> names(String torch, String platform) {
        var names = new ArrayList<String>();
        var blas = OPENBLAS + platform + "/";
        if (platform.startsWith("macosx")) {
            names.addAll(List.of(blas + "libgcc_s.1.1.dylib", blas + "libquadmath.0.dylib", blas + "libgfortran.5.dylib",
                    blas + "libopenblas.0.dylib", torch + "libc10.dylib", torch + "libtorch_cpu.dylib"));
            if (resource(torch + "libomp.dylib") != null) {
                names.addFirst(torch + "libomp.dylib");
            }
            return names;
        }
        names.addAll(List.of(torch + "libgomp.so.1", blas + "libgcc_s.so.1", blas + "libquadmath.so.0", blas + "libgfortran.so.5",
                blas + "libopenblas.so.0", torch + "libc10.so"));
        var gpu = torch.endsWith("-gpu/");
        if (gpu) {
            CUDA_RUNTIME.forEach(file -> names.add(CUDA + platform + "/" + file));
        }
        names.add(torch + core(platform));
        if (gpu) {
            List.of("libc10_cuda.so", "libtorch_cuda.so", "libtorch_cuda_linalg.so").forEach(file -> names.add(torch + file));
        }
        return names;
    }

    private static String core(String platform) { return platform.startsWith("macosx") ? "libtorch_cpu.dylib" : "libtorch_cpu.so"; }

    /// JavaCPP's name of this platform.
    private static String platform() {
        var os = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? "macosx" : "linux";
        var arch = switch (System.getProperty("os.arch")) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm64";
            case String other -> other;
        };
        return System.getProperty("org.bytedeco.javacpp.platform", os + "-" + arch);
    }

    /// The unpacked file: as it lies in the cache if its size and time are the jar entry's, which is how JavaCPP decides too; else
    /// JavaCPP unpacks it under its own lock.
    private static Path cached(URL url) throws IOException {
        if (url.openConnection() instanceof JarURLConnection jar && jar.getJarEntry() != null) {
            var file = cacheFolder().resolve(Path.of(jar.getJarFile().getName()).getFileName()).resolve(jar.getEntryName());
            var entry = jar.getJarEntry();
            if (Files.isRegularFile(file) && Files.size(file) == entry.getSize()
                    && Files.getLastModifiedTime(file).toMillis() == entry.getTime() && file.equals(file.toRealPath())) {
                return file;
            }
        }
        return JavaCppCache.unpack(url);
    }

    /// The folder that JavaCPP would take, as far as it exists.
    private static Path cacheFolder() throws IOException {
        for (var folder : cacheFolders()) {
            if (Files.isDirectory(folder) && Files.isWritable(folder)) {
                return folder.toRealPath();
            }
            if (!Files.exists(folder)) {
                break; // JavaCPP would make it: nothing is cached yet
            }
        }
        return Path.of("");
    }

    /// In the order in which JavaCPP tries them.
    private static List<Path> cacheFolders() {
        return Stream.of(System.getProperty(CACHE), System.getProperty("org.bytedeco.javacpp.cacheDir"),
                System.getProperty("user.home") + "/.javacpp/cache",
                System.getProperty("java.io.tmpdir") + "/.javacpp-" + System.getProperty("user.name") + "/cache")
                .filter(Objects::nonNull).map(Path::of).toList();
    }

    /// Each folder that was tried, with the system's reason: those that can't be made or written to, then the one that was taken.
    private static String why(IOException unpacking) {
        var reasons = new ArrayList<String>();
        for (var folder : cacheFolders()) {
            try {
                Files.createDirectories(folder);
                Files.delete(Files.createTempFile(folder, ".", ".tried"));
            } catch (IOException e) {
                reasons.add(folder + ": " + SystemReason.of(e));
                continue;
            }
            reasons.add(folder + ": " + SystemReason.of(unpacking));
            break;
        }
        return String.join("; ", reasons);
    }

    private static @Nullable String version(String torch) {
        var url = resource("META-INF/maven/org.bytedeco/pytorch/pom.properties");
        if (url == null) {
            return null;
        }
        try (var in = url.openStream()) {
            var properties = new Properties();
            properties.load(in);
            var version = properties.getProperty("version", "");
            return version.substring(0, Math.max(version.indexOf('-'), 0));
        } catch (IOException e) {
            return null;
        }
    }

    private static @Nullable URL resource(String name) { return PresetLibraries.class.getClassLoader().getResource(name); }
}
