package dev.fusedit.torch.presets;

import java.util.Locale;

/// JavaCPP guards memory of its own: past four times the maximum heap (the process's resident set, tensors of ours included) every
/// new pointer fails after repeated `System.gc()`, and unreferenced pointers are freed by the collector. Here handles have owners,
/// so both are switched off. It works only before JavaCPP's first class is initialised; what somebody set by hand stays.
public final class MemoryGuard {
    private MemoryGuard() {}

    public static void off() {
        unlessSet("org.bytedeco.javacpp.maxBytes", "0");
        unlessSet("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        unlessSet("org.bytedeco.javacpp.noPointerGC", "true");
    }

    private static void unlessSet(String property, String value) {
        if (System.getProperty(property) == null && System.getProperty(property.toLowerCase(Locale.ROOT)) == null) {
            System.setProperty(property, value);
        }
    }
}
