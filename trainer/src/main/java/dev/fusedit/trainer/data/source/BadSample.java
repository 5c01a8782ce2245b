package dev.fusedit.trainer.data.source;

/// A sample that cannot be read as one. It is counted and left out; it ends nothing.
public final class BadSample extends Exception {
    private static final long serialVersionUID = 1;

    private final Cause cause;

    public BadSample(Cause cause, String detail) {
        super(detail);
        this.cause = cause;
    }

    public Problem of(String sample) { return new Problem(sample, cause, getMessage()); }
}
