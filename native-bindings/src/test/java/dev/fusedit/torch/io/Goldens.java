package dev.fusedit.torch.io;

import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;

/// Files under `src/test/resources/goldens`.
final class Goldens {
    private Goldens() {}

    static Path path(String name) {
        try {
            return Path.of(Objects.requireNonNull(Goldens.class.getResource("/goldens/" + name), name).toURI());
        } catch (URISyntaxException e) {
            throw new UncheckedIOException(new java.io.IOException(e));
        }
    }
}
