package dev.fusedit.fusion;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;

/// Where the golden cases lie.
public final class Goldens {
    private Goldens() {}

    public static Path folder(String name) {
        try {
            return Path.of(Objects.requireNonNull(Goldens.class.getResource("/goldens/" + name), name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
