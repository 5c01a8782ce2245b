package dev.fusedit.torch.javacpp;

/// What c10d says of a store or of a collective, in its first line; C++ frames are left out.
public final class C10dFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    C10dFailure(RuntimeException cause) {
        super(String.valueOf(cause.getMessage()).lines().findFirst().orElse("no reason given").strip(), cause);
    }
}
