package dev.fusedit.trainer.data.image;

import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The files and pixels that `image_file_goldens.py` made.
final class GoldenImages {
    private static final Path FOLDER = Path.of("src/test/resources/goldens/images");

    private GoldenImages() {}

    static List<String> names() {
        try (var files = Files.list(FOLDER.resolve("files"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] file(String name) {
        try {
            return Files.readAllBytes(FOLDER.resolve("files").resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static RgbImage expected(String key) {
        try (var file = SafeTensors.open(FOLDER.resolve("expected.safetensors")); var _ = TensorScope.open()) {
            var image = file.read(key);
            return new RgbImage((int) image.size(1), (int) image.size(0), image.toBytes());
        }
    }
}
