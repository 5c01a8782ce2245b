package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.OperandWatch;
import java.util.Set;

/// Watches that the operands of every op lie on one device. On a GPU most ops refuse a tensor of the CPU beside their own, and some wait for
/// it; on a CPU none shows, but on [Device#META] all do. Copies go from one device to another, and numbers of Java lie on none.
///
///     try (var placement = Placement.watch()) {
///         step();                         // of a model on Device.META
///         assert placement.mixed().isEmpty();
///     }
///
/// For the whole process, one at a time.
public final class Placement implements AutoCloseable {
    private final OperandWatch watch = new OperandWatch();

    private Placement() {}

    public static Placement watch() {
        var placement = new Placement();
        OperandWatch.look(placement.watch);
        return placement;
    }

    /// Ops that were called with operands on several devices.
    public Set<String> mixed() { return watch.mixed(); }

    @Override
    public void close() { OperandWatch.look(null); }
}
