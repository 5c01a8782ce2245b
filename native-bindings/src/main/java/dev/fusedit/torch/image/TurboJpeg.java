package dev.fusedit.torch.image;

import static com.google.common.base.Preconditions.checkArgument;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.google.common.base.Suppliers;
import dev.fusedit.torch.UserError;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// JPEG files by libjpeg-turbo, if this system has its TurboJPEG library (Debian and Ubuntu: `libturbojpeg0`, Fedora: `turbojpeg`,
/// Homebrew: `jpeg-turbo`). It computes by the accurate integer DCT and with smoothed colours, as libjpeg does and Pillow, to the bit; about three
/// times as fast as the JDK's own libjpeg, which has no vectors.
///
/// It is looked for under its usual names, or is the file that `FUSEDIT_TURBOJPEG` (or the property `fusedit.turbojpeg`) names; `none` there
/// turns it off.
///
/// Any number of threads. The functions are those of TurboJPEG 1.2 and later (libjpeg-turbo.org, `turbojpeg.h`).
public final class TurboJpeg {
    private static final List<String> NAMES = List.of("libturbojpeg.so.0", "libturbojpeg.so", "libturbojpeg.dylib",
            "/opt/libjpeg-turbo/lib64/libturbojpeg.so.0", "/opt/homebrew/opt/jpeg-turbo/lib/libturbojpeg.dylib",
            "/usr/local/opt/jpeg-turbo/lib/libturbojpeg.dylib");
    private static final String NONE = "none";
    private static final int RGB = 0;
    private static final int ACCURATE_DCT = 4096;
    private static final int NO_REALLOC = 1024;
    private static final int COLOURS_IN_HALVES = 2;
    private static final int COLOURS = 3;

    private static final Supplier<Optional<TurboJpeg>> ON_THIS_SYSTEM = Suppliers.memoize(TurboJpeg::find);

    private final String name;
    private final MethodHandle initDecompress;
    private final MethodHandle decompress;
    private final MethodHandle initCompress;
    private final MethodHandle compress;
    private final MethodHandle bufferSize;
    private final MethodHandle destroy;

    private TurboJpeg(String name, SymbolLookup library) {
        this.name = name;
        initDecompress = handle(library, "tjInitDecompress", JAVA_LONG);
        decompress = handle(library, "tjDecompress2", JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT,
                JAVA_INT, JAVA_INT);
        initCompress = handle(library, "tjInitCompress", JAVA_LONG);
        compress = handle(library, "tjCompress2", JAVA_INT, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS,
                JAVA_INT, JAVA_INT, JAVA_INT);
        bufferSize = handle(library, "tjBufSize", JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT);
        destroy = handle(library, "tjDestroy", JAVA_INT, JAVA_LONG);
    }

    private static MethodHandle handle(SymbolLookup library, String function, MemoryLayout result, MemoryLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(function), FunctionDescriptor.of(result, arguments));
    }

    /// @throws UserError if one is named that cannot be loaded
    public static Optional<TurboJpeg> ofSystem() { return ON_THIS_SYSTEM.get(); }

    /// Loads a library that is named: a wrong name is told before the first image, which it would seem to be about.
    ///
    /// @throws UserError if it cannot be loaded
    public static void requireNamed() {
        if (!named().isEmpty()) ofSystem();
    }

    private static String named() {
        return System.getProperty("fusedit.turbojpeg", System.getenv().getOrDefault("FUSEDIT_TURBOJPEG", ""));
    }

    private static Optional<TurboJpeg> find() {
        var named = named();
        if (named.equals(NONE)) return Optional.empty();
        if (!named.isEmpty()) return Optional.of(load(named).orElseThrow(() -> new UserError(
                "FUSEDIT_TURBOJPEG names %s, which is no TurboJPEG library of this platform. Unset it, or set it to none"
                        .formatted(named))));
        return NAMES.stream().flatMap(each -> load(each).stream()).findFirst();
    }

    private static Optional<TurboJpeg> load(String name) {
        try {
            return Optional.of(new TurboJpeg(name, SymbolLookup.libraryLookup(name, Arena.global())));
        } catch (RuntimeException | LinkageError _) { // not there, or another library
            return Optional.empty();
        }
    }

    /// As it was found: a file, or what the system's loader knows it by.
    public String name() { return name; }

    /// @param jpeg a file of one channel, or of three that are stored as light and two colours (YCbCr)
    /// @param width that its header tells, as `height`, in pixels
    /// @return height · width · 3 samples; empty if it did not like anything of the file, be it a warning
    public Optional<byte[]> rgb(byte[] jpeg, int width, int height) {
        checkArgument(width > 0 && height > 0, "an image has pixels, not %s x %s", width, height);
        int bytes = Math.multiplyExact(Math.multiplyExact(width, height), COLOURS);
        return with(initDecompress, (coder, arena) -> {
            var pixels = arena.allocate(bytes);
            int status = (int) decompress.invokeExact(coder, copy(jpeg, arena), (long) jpeg.length, pixels, width, 0, height, RGB,
                    ACCURATE_DCT);
            return status == 0 ? Optional.of(pixels.toArray(JAVA_BYTE)) : Optional.empty();
        });
    }

    /// A baseline file with colours in halves (4:2:0) and the standard's Huffman tables.
    ///
    /// @param rgb height · width · 3 samples
    /// @param quality 1 to 100, as libjpeg scales its tables
    /// @return empty if it did not like anything
    public Optional<byte[]> jpeg(byte[] rgb, int width, int height, int quality) {
        checkArgument(width > 0 && height > 0 && rgb.length == COLOURS * width * height, "%s samples are not %s x %s pixels", rgb.length,
                width,
                height);
        return with(initCompress, (coder, arena) -> {
            long most = (long) bufferSize.invokeExact(width, height, COLOURS_IN_HALVES);
            var file = arena.allocate(most);
            var place = arena.allocateFrom(ADDRESS, file);
            var length = arena.allocateFrom(JAVA_LONG, most);
            int status =
                    (int) compress.invokeExact(coder, copy(rgb, arena), width, 0, height, RGB, place, length, COLOURS_IN_HALVES, quality,
                            ACCURATE_DCT | NO_REALLOC);
            return status == 0 ? Optional.of(file.asSlice(0, length.get(JAVA_LONG, 0)).toArray(JAVA_BYTE)) : Optional.empty();
        });
    }

    private static MemorySegment copy(byte[] bytes, Arena arena) {
        var copy = arena.allocate(bytes.length);
        MemorySegment.copy(bytes, 0, copy, JAVA_BYTE, 0, bytes.length);
        return copy;
    }

    /// What is done with a decoder or an encoder.
    private interface Use {
        Optional<byte[]> of(long coder, Arena arena) throws Throwable;
    }

    private Optional<byte[]> with(MethodHandle made, Use use) {
        try (var arena = Arena.ofConfined()) {
            long coder = (long) made.invokeExact();
            if (coder == 0) return Optional.empty();
            try {
                return use.of(coder, arena);
            } finally {
                int _ = (int) destroy.invokeExact(coder);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("a native call throws nothing", e);
        }
    }
}
