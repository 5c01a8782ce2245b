package dev.fusedit.torch.io;

/// What is wrong with a pickle; the file's name is added where it is known.
final class PickleException extends RuntimeException {
    private static final long serialVersionUID = 1;

    PickleException(String message) { super(message); }
}
