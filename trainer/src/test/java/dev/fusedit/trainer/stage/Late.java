package dev.fusedit.trainer.stage;

/// A CPU that plays a GPU's order while it is open: what steps find is read a step later.
final class Late implements AutoCloseable {
    private static final String PROPERTY = "fusedit.late";

    Late(boolean on) { System.setProperty(PROPERTY, Boolean.toString(on)); }

    @Override
    public void close() { System.clearProperty(PROPERTY); }
}
