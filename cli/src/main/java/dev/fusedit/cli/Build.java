package dev.fusedit.cli;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import com.google.common.io.MoreFiles;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.trainer.log.ProgramVersion;
import dev.fusedit.trainer.run.TrainingRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

/// Which build this is: processes of one job are to compute the same.
final class Build {
    private static final List<Class<?>> OF_MODULES = List.of(Libtorch.class, Weights.class, TrainingRun.class, Main.class);
    private static final int SHOWN = 12;

    private Build() {}

    /// The version, and a digest of our own classes, whenever and wherever they were compiled.
    static String digest() {
        var hasher = Hashing.sha256().newHasher();
        try {
            for (var module : OF_MODULES) {
                var place = Path.of(module.getProtectionDomain().getCodeSource().getLocation().toURI());
                if (Files.isDirectory(place)) ofFolder(place, hasher);
                else ofJar(place, hasher);
            }
            return ProgramVersion.number() + " " + hasher.hash().toString().substring(0, SHOWN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void ofJar(Path jar, Hasher hasher) throws IOException {
        try (var file = new JarFile(jar.toFile())) {
            file.stream().filter(entry -> isClass(entry.getName())).sorted(Comparator.comparing(ZipEntry::getName))
                    .forEach(entry -> hasher.putString(entry.getName(), StandardCharsets.UTF_8).putInt((int) entry.getCrc()));
        }
    }

    private static void ofFolder(Path folder, Hasher hasher) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.filter(file -> isClass(file.toString())).sorted().toList()) {
                hasher.putString(folder.relativize(file).toString(), StandardCharsets.UTF_8)
                        .putInt(MoreFiles.asByteSource(file).hash(Hashing.crc32()).asInt());
            }
        }
    }

    private static boolean isClass(String name) { return name.endsWith(".class"); }
}
