package dev.fusedit.torch.internal.abi;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Names of ops whose operands lie on several devices, while somebody looks. A number that becomes an operand lies on none.
public final class OperandWatch {
    /// Copies, and an op that takes its factors from the CPU by its definition.
    private static final Set<String> ACROSS = Set.of("copy_", "_foreach_copy_", "_foreach_addcmul_");
    private static volatile @Nullable OperandWatch looking;

    private final Set<String> mixed = Collections.synchronizedSet(new TreeSet<>());

    /// Looks from now on; null ends it.
    public static void look(@Nullable OperandWatch watch) { looking = watch; }

    static @Nullable OperandWatch looking() { return looking; }

    public Set<String> mixed() { return Set.copyOf(mixed); }

    /// @param handles of the call's tensors
    void called(String op, long... handles) {
        if (ACROSS.contains(op)) return;
        int first = -1;
        for (var handle : handles) {
            int device = Handles.defined(handle) ? Handles.deviceType(handle) : -1;
            if (device < 0) continue;
            if (first >= 0 && device != first) mixed.add(op);
            first = device;
        }
    }
}
