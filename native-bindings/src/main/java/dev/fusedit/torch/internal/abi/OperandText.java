package dev.fusedit.torch.internal.abi;

import java.util.Arrays;
import java.util.stream.Collectors;

/// An operand as error messages show it: `f32(2,3) cpu`.
public final class OperandText {
    private OperandText() {}

    public static String of(long handle) {
        var shape = Arrays.stream(Handles.shape(handle)).mapToObj(Long::toString).collect(Collectors.joining(","));
        var device = Handles.deviceType(handle) == 0 ? "cpu" : "cuda:" + Handles.deviceIndex(handle);
        return "%s(%s) %s".formatted(dtype(Handles.dtype(handle)), shape, device);
    }

    private static String dtype(int code) {
        return switch (code) {
            case 0 -> "u8";
            case 1 -> "i8";
            case 2 -> "i16";
            case 3 -> "i32";
            case 4 -> "i64";
            case 5 -> "f16";
            case 6 -> "f32";
            case 7 -> "f64";
            case 11 -> "bool";
            case 15 -> "bf16";
            default -> "dtype" + code;
        };
    }
}
