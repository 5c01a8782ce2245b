package dev.fusedit.torch.internal.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;

/// Memory that was freed and that the allocator keeps.
public final class FreedMemory {
    private FreedMemory() {}

    /// Gives it back to the system, where the C library is glibc: `malloc_trim(0)`. Takes some ten milliseconds for some hundred megabytes.
    public static void trim() {
        var linker = Linker.nativeLinker();
        linker.defaultLookup().find("malloc_trim").ifPresent(function -> {
            try {
                int _ = (int) linker.downcallHandle(function, FunctionDescriptor.of(JAVA_INT, JAVA_LONG)).invokeExact(0L);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
