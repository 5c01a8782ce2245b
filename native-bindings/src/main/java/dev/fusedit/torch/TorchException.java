package dev.fusedit.torch;

import java.util.List;

/// An op that libtorch refused: `matmul: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5) [f32(2,3) cpu, f32(4,5) cpu]`.
public final class TorchException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// What libtorch's allocators, and the libraries below it, say when there is no memory: the CPU's on Linux and on Windows, CUDA's,
    /// cuBLAS's and cuDNN's, C++'s own.
    private static final List<String> NO_MEMORY = List.of("can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED",
            "std::bad_alloc");

    private final String op;
    private final boolean outOfMemory;

    /// @param op the operator's name without its namespace
    /// @param reason libtorch's own sentence
    /// @param operands the tensors given, as `dtype(shape) device`
    public TorchException(String op, String reason, List<String> operands) {
        super(op + ": " + sentence(reason) + " " + operands);
        this.op = op;
        this.outOfMemory = NO_MEMORY.stream().anyMatch(reason::contains);
    }

    /// Without what is for libtorch's own developers: the place in C++, and the list of all backends behind "Could not run".
    private static String sentence(String reason) {
        var text = cut(cut(reason.strip(), "\nException raised from"), "\nC++ CapturedTraceback");
        var isDispatcher = text.contains("is only available for these backends") || text.contains("could not be found for the backend")
                || text.contains(" registered at ");
        return isDispatcher ? cut(cut(text, "\n"), ". ") : text;
    }

    private static String cut(String text, String end) {
        int at = text.indexOf(end);
        return (at < 0 ? text : text.substring(0, at)).strip();
    }

    /// The operator that failed, such as `matmul`.
    public String op() { return op; }

    /// Whether there was no memory for it: less work at once may succeed. libtorch before 2.13 does not say its reason, so there this is
    /// always false.
    public boolean isOutOfMemory() { return outOfMemory; }
}
