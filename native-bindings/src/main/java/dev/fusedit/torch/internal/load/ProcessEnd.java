package dev.fusedit.torch.internal.load;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

/// How the process ends once libtorch is in it: without C++'s destructors of static objects.
///
/// However Java ends (a signal, `System.exit`, the end of `main`), and after all its hooks, it calls C's `exit`, which would destroy libtorch's
/// tables and thread pools while kernels of other threads still run on them: now and then a SIGSEGV, and exit code 134 in place of 130. Nothing
/// in libtorch needs its destructors; files and logs are Java's, and written by then. So what `exit` calls first is made `_exit`.
///
/// C calls what was registered last first, and some of libtorch's statics are made and registered by the first use of an op. Therefore it is
/// registered twice: when libtorch is open, and again by a hook when Java begins to end.
///
/// The function that gets the status is glibc's `on_exit`; other C libraries (macOS, musl) have none, and exit as they always do.
final class ProcessEnd {
    private ProcessEnd() {}

    /// Once, after libtorch's files are open.
    static void withoutDestructors() {
        register();
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(ProcessEnd::register, "libtorch-end"));
        } catch (IllegalStateException e) {
            // Java ends already: it is a hook that opens libtorch
        }
    }

    private static void register() {
        var linker = Linker.nativeLinker();
        var libc = linker.defaultLookup();
        var onExit = libc.find("on_exit");
        if (onExit.isEmpty()) return;
        var register = linker.downcallHandle(onExit.get(), FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
        try {
            int _ = (int) register.invokeExact(libc.findOrThrow("_exit"), MemorySegment.NULL); // `_exit(status)` leaves the second argument alone
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /// libc's `_exit`: at once, without Java's hooks.
    static void now(int status) {
        var linker = Linker.nativeLinker();
        try {
            linker.downcallHandle(linker.defaultLookup().findOrThrow("_exit"), FunctionDescriptor.ofVoid(JAVA_INT)).invokeExact(status);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
