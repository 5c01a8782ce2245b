package dev.fusedit.torch.internal.load;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.util.Map;
import java.util.stream.Stream;

/// Threads of libtorch's kernels and of OpenBLAS's matmuls where nobody has chosen them.
///
/// Both count the CPUs of the process's affinity and know nothing of a control group's quota: in a container with two cores' worth of time
/// on 64 cores they start 64 threads, which use up a period's time at once and stand still for the rest of it. More threads than libtorch
/// would take by itself (one for each physical core, with MKL) are never set.
///
/// @param allowed cores that the process may keep busy
record DefaultThreads(int allowed, Map<String, String> environment) {
    void set(SymbolLookup symbols) {
        if (isFree("OMP_NUM_THREADS", "MKL_NUM_THREADS")) {
            limit(symbols, "_ZN2at15get_num_threadsEv", "_ZN2at15set_num_threadsEi");
        }
        if (isFree("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")) {
            limit(symbols, "openblas_get_num_threads", "openblas_set_num_threads");
        }
    }

    private boolean isFree(String... variables) {
        return Stream.of(variables).allMatch(variable -> environment.getOrDefault(variable, "").isBlank());
    }

    private void limit(SymbolLookup symbols, String getter, String setter) {
        var get = symbols.find(getter);
        var set = symbols.find(setter);
        if (get.isEmpty() || set.isEmpty()) {
            return; // another BLAS
        }
        var linker = Linker.nativeLinker();
        try {
            int now = (int) linker.downcallHandle(get.get(), FunctionDescriptor.of(JAVA_INT)).invokeExact();
            if (now > allowed) {
                linker.downcallHandle(set.get(), FunctionDescriptor.ofVoid(JAVA_INT)).invokeExact(allowed);
            }
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
