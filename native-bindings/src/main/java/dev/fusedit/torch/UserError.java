package dev.fusedit.torch;

/// Something that the person at the keyboard can mend: the message says what is wrong, where, and what to do. The command line
/// prints it without a stack trace and exits with 2.
public final class UserError extends RuntimeException {
    private static final long serialVersionUID = 1;

    public UserError(String message) { super(message); }

    public UserError(String message, Throwable cause) { super(message, cause); }
}
