package dev.fusedit.torch;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/// Whether this Java has what the one-pass kernels need on few threads: told by its options, not by the code that is tested.
public final class Kernels {
    private Kernels() {}

    /// The Vector API, not turned off, and on x86 vectors of AVX2 (`-XX:UseAVX` is 0 to 3, what the CPU has unless it is given).
    public static boolean expected() {
        boolean asked = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
                || ManagementFactory.getRuntimeMXBean().getInputArguments()
                        .contains("--add-exports=java.base/jdk.internal.module=ALL-UNNAMED");
        boolean module = asked && !Boolean.getBoolean("fusedit.unfused");
        return module && (!System.getProperty("os.arch").equals("amd64") || Integer.parseInt(option("UseAVX")) >= 2);
    }

    private static String option(String name) {
        return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).getVMOption(name).getValue();
    }
}
