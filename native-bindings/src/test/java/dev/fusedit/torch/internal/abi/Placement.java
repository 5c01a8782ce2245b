package dev.fusedit.torch.internal.abi;

import java.util.Arrays;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/// Watches that the operands of every op lie on one device. On a GPU most ops refuse a tensor of the CPU beside their own, and some wait for
/// it; on a CPU none shows, but on the meta device all do. Copies go from one device to another, and numbers of Java lie on none.
///
///     try (var placement = Placement.watch()) {
///         step();                         // of a model on Device.META
///         assert placement.mixed().isEmpty();
///     }
///
/// For the whole process, one at a time.
public final class Placement extends CallWatch implements AutoCloseable {
    /// Copies, and an op whose factors lie on the CPU by its definition.
    private static final Set<String> ACROSS = Set.of("copy_", "_foreach_copy_", "_foreach_addcmul_");

    private final Set<String> mixed = Collections.synchronizedSet(new TreeSet<>());

    private Placement() {}

    public static Placement watch() {
        var placement = new Placement();
        look(placement);
        return placement;
    }

    /// Ops that were called with operands on several devices.
    public Set<String> mixed() { return Set.copyOf(mixed); }

    @Override
    void called(Frame call, long nanos) {
        if (ACROSS.contains(call.opName())) return;
        var devices = Arrays.stream(call.operands()).filter(Handles::defined).mapToInt(Handles::deviceType).distinct().toArray();
        if (devices.length > 1) mixed.add(call.opName());
    }

    @Override
    public void close() { look(null); }
}
