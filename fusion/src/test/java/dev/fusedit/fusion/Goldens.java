package dev.fusedit.fusion;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;

/// Where the golden cases lie.
public final class Goldens {
    private Goldens() {}

    public static Path folder(String name) { return beside("goldens/" + name); }

    /// What is compared by a test of its own: no case of `parity`.
    public static Path beside(String name) {
        try {
            return Path.of(Objects.requireNonNull(Goldens.class.getResource("/" + name), name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
