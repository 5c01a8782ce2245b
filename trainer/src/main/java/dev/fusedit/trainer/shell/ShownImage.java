package dev.fusedit.trainer.shell;

import java.nio.file.Path;

/// An image file; printed as a link that terminals open.
public record ShownImage(Path file) {
    public ShownImage {
        file = file.toAbsolutePath().normalize();
    }

    /// `file:///tmp/fusedit/attention.png`
    @Override
    public String toString() { return file.toUri().toString(); }
}
