package dev.fusedit.torch.internal.abi;

import dev.fusedit.torch.DType;
import java.util.Arrays;
import java.util.stream.Collectors;

/// An operand as error messages show it: `f32(2,3) cpu`.
public final class OperandText {
    private OperandText() {}

    /// A tensor that was freed since the call is said to be.
    public static String of(Operand operand) {
        long own = operand.confined();
        if (own != 0) return of(own);
        try (var section = ReadSection.enter()) {
            long handle = operand.guarded(section);
            return handle == 0 ? "a tensor that is closed now" : of(handle);
        }
    }

    static String of(long handle) {
        var shape = Arrays.stream(Handles.shape(handle)).mapToObj(Long::toString).collect(Collectors.joining(","));
        var device = switch (Handles.deviceType(handle)) {
            case 0 -> "cpu";
            case 14 -> "meta";
            default -> "cuda:" + Handles.deviceIndex(handle);
        };
        return "%s(%s) %s".formatted(DType.text(Handles.dtype(handle)), shape, device);
    }
}
