package dev.fusedit.torch;

import java.util.List;

/// An op that libtorch refused: `matmul: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5) [f32(2,3) cpu, f32(4,5) cpu]`.
public final class TorchException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String op;

    /// @param op the operator's name without its namespace
    /// @param reason libtorch's own sentence
    /// @param operands the tensors given, as `dtype(shape) device`
    public TorchException(String op, String reason, List<String> operands) {
        super(op + ": " + reason + " " + operands);
        this.op = op;
    }

    /// The operator that failed, such as `matmul`.
    public String op() { return op; }
}
