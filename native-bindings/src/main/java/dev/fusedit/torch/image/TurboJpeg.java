package dev.fusedit.torch.image;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.UserError;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/// Pixels of JPEG files by libjpeg-turbo, if this system has its TurboJPEG library (Debian and Ubuntu: `libturbojpeg0`, Fedora: `turbojpeg`,
/// Homebrew: `jpeg-turbo`). It decodes by the accurate integer DCT and with smoothed colours, as libjpeg does and Pillow, to the bit; about
/// three times as fast as the JDK's own libjpeg, which has no vectors.
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
    private static final int COLOURS = 3;

    private static final class Found {
        static final Optional<TurboJpeg> ON_THIS_SYSTEM = find();
    }

    private final String name;
    private final MethodHandle init;
    private final MethodHandle decompress;
    private final MethodHandle destroy;

    private TurboJpeg(String name, SymbolLookup library) {
        this.name = name;
        init = handle(library, "tjInitDecompress", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
        decompress = handle(library, "tjDecompress2",
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG,
                        ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT));
        destroy = handle(library, "tjDestroy", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    }

    private static MethodHandle handle(SymbolLookup library, String function, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(function), type);
    }

    /// @throws UserError if one is named that cannot be loaded
    public static Optional<TurboJpeg> ofSystem() { return Found.ON_THIS_SYSTEM; }

    private static Optional<TurboJpeg> find() {
        var named = System.getProperty("fusedit.turbojpeg", System.getenv().getOrDefault("FUSEDIT_TURBOJPEG", ""));
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
        try (var arena = Arena.ofConfined()) {
            var file = arena.allocate(jpeg.length);
            MemorySegment.copy(jpeg, 0, file, ValueLayout.JAVA_BYTE, 0, jpeg.length);
            var pixels = arena.allocate(bytes);
            long decoder = (long) init.invokeExact();
            if (decoder == 0) return Optional.empty();
            try {
                int status = (int) decompress.invokeExact(decoder, file, (long) jpeg.length, pixels, width, 0, height, RGB, ACCURATE_DCT);
                return status == 0 ? Optional.of(pixels.toArray(ValueLayout.JAVA_BYTE)) : Optional.empty();
            } finally {
                int _ = (int) destroy.invokeExact(decoder);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("a native call throws nothing", e);
        }
    }
}
