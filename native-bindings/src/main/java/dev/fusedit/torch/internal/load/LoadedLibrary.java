package dev.fusedit.torch.internal.load;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.fusedit.torch.LibtorchInfo;
import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.host.ResidentSet;
import dev.fusedit.torch.host.Host;
import dev.fusedit.torch.host.SystemReason;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// The libtorch that this process holds, opened once. A failure is remembered, so that every later call says the same cause
/// instead of a bare NoClassDefFoundError.
///
/// @param residentBytes by how much the process's resident set grew meanwhile; 0 where the system does not tell
public record LoadedLibrary(LibtorchInfo info, SymbolLookup symbols, long residentBytes) {
    /// Oldest and newest minor version of libtorch 2 whose C ABI was tried.
    private static final int OLDEST = 10;
    private static final int NEWEST = 13;

    private static @Nullable LoadedLibrary open;
    private static @Nullable LibtorchUnavailable failure;
    private static @Nullable Path requested;

    public static LoadedLibrary current() {
        var library = open;
        return library != null ? library : open(null);
    }

    public static synchronized LoadedLibrary open(@Nullable Path folder) {
        if (failure != null) {
            throw new LibtorchUnavailable(failure.getMessage(), failure);
        }
        if (open == null) {
            requested = folder != null ? folder : fromEnvironment();
            try {
                open = load(requested == null ? PresetFiles.find() : WheelFiles.find(requested));
            } catch (LibtorchUnavailable e) {
                failure = e;
                throw e;
            }
        } else if (folder != null && !folder.equals(requested)) {
            throw new IllegalStateException("This process holds libtorch from %s already; a second one (%s) cannot be loaded beside it."
                    .formatted(open.info().path(), folder));
        }
        return open;
    }

    private static @Nullable Path fromEnvironment() {
        var property = System.getProperty("fusedit.libtorch", "");
        var variable = System.getenv().getOrDefault("FUSEDIT_LIBTORCH", "");
        var folder = property.isBlank() ? variable : property;
        return folder.isBlank() ? null : Path.of(folder);
    }

    private static LoadedLibrary load(LibraryFiles files) {
        setPassiveWaiting();
        long before = ResidentSet.bytes();
        SymbolLookup all = _ -> java.util.Optional.empty();
        for (var file : files.inOrder()) {
            try {
                all = SymbolLookup.libraryLookup(file, Arena.global()).or(all);
            } catch (IllegalArgumentException e) {
                throw new LibtorchUnavailable("Cannot open %s of libtorch in %s: %s. %s".formatted(file.getFileName(), file.getParent(),
                        SystemReason.ofLoading(file), files.source().equals("presets") ? PresetFiles.remedy() : remedy()), e);
            }
        }
        ProcessEnd.withoutDestructors();
        var version = version(all, files.folder());
        silence(all, version[1]);
        new DefaultThreads(Host.here().cores().allowed(), System.getenv()).set(all);
        return new LoadedLibrary(new LibtorchInfo("%s.%s.%s".formatted(version[0], version[1], version[2]), files.folder(), files.source()),
                all, Math.max(0, ResidentSet.bytes() - before));
    }

    static boolean supports(int major, int minor) { return major == 2 && minor >= OLDEST && minor <= NEWEST; }

    static String remedy() { return other() + ", or unset it to use the one that comes along, where there is one."; }

    static String other() {
        return "Set FUSEDIT_LIBTORCH (or --libtorch) to the lib folder of libtorch 2.%d to 2.%d".formatted(OLDEST, NEWEST);
    }

    /// libgomp's threads spin while they wait, and so do OpenBLAS's; together they slow a step fourfold on few cores. Libgomp reads this
    /// when it is loaded, so it is set first; a value set by the user stays.
    private static void setPassiveWaiting() {
        if (System.getenv("OMP_WAIT_POLICY") != null) {
            return;
        }
        try (var arena = Arena.ofConfined()) {
            var linker = Linker.nativeLinker();
            var setenv = linker.downcallHandle(linker.defaultLookup().findOrThrow("setenv"),
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
            int _ = (int) setenv.invokeExact(arena.allocateFrom("OMP_WAIT_POLICY"), arena.allocateFrom("passive"), 0);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /// How many CUDA devices this libtorch can use; none for a build for the CPU, and 0 for one with CUDA that finds none.
    public OptionalInt cudaDevices() {
        return symbols.find("_ZN3c104cuda12device_countEv").map(function -> {
            try { // noexcept, and int8
                return OptionalInt.of((byte) Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(ValueLayout.JAVA_BYTE))
                        .invokeExact());
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }).orElse(OptionalInt.empty());
    }

    /// [ProcessEnd#now]
    public static void exit(int status) { ProcessEnd.now(status); }

    private static int[] version(SymbolLookup symbols, Path folder) {
        MemorySegment function = symbols.find("aoti_torch_abi_version").orElseThrow(() -> new LibtorchUnavailable(
                "The libtorch in %s is older than 2.%d or has no stable C ABI. %s".formatted(folder, OLDEST, remedy())));
        try {
            var word = (long) Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(JAVA_LONG)).invokeExact();
            int[] version = {(int) (word >>> 56), (int) (word >>> 48 & 0xFF), (int) (word >>> 40 & 0xFF)};
            if (!supports(version[0], version[1])) {
                throw new LibtorchUnavailable(
                        "libtorch %d.%d in %s is not supported. %s".formatted(version[0], version[1], folder, remedy()));
            }
            return version;
        } catch (LibtorchUnavailable e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /// libtorch logs every exception of its C ABI on standard error. From 2.13 on the text is to be had in a better way,
    /// so only fatal lines stay; before that the log is the only place, so it stays.
    private static void silence(SymbolLookup symbols, int minor) {
        if (minor >= 13) {
            symbols.find("FLAGS_caffe2_log_level").ifPresent(level -> level.reinterpret(4).set(ValueLayout.JAVA_INT, 0, 3));
        }
    }
}
