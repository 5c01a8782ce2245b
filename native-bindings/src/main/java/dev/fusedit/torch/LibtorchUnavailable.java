package dev.fusedit.torch;

/// No usable libtorch: the message says which one, where it was looked for, and what to set. Thrown with the same message at
/// every later call too. The command line exits with 3.
public final class LibtorchUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1;

    public LibtorchUnavailable(String message) { super(message); }

    public LibtorchUnavailable(String message, Throwable cause) { super(message, cause); }
}
