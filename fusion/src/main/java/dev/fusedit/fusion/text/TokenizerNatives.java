package dev.fusedit.fusion.text;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.util.Platform;
import ai.djl.util.Utils;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.SystemReason;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/// The native half of the library behind [SubwordTokenizer]. It is unpacked to the place where that library looks first, since the library itself keeps
/// to itself why it can't: it logs a stack trace and throws a sentence without a cause.
final class TokenizerNatives {
    private static final String NAME = "tokenizers";
    private static final String REMEDY = "Name another folder by DJL_CACHE_DIR, an environment variable";

    private static boolean loaded;

    private TokenizerNatives() {}

    /// Loads it once.
    ///
    /// @throws UserError naming the folder and the system's reason, if it cannot be unpacked there or loaded from there
    static synchronized void load() {
        if (loaded) return;
        var file = file();
        if (Utils.getEnvOrSystemProperty("RUST_LIBRARY_PATH") == null) unpack(file);
        try {
            LibUtils.checkStatus();
        } catch (UnsatisfiedLinkError e) {
            throw new UserError("%s, the tokenizer's native library, cannot be loaded: %s. %s".formatted(file, SystemReason.of(e), REMEDY),
                    e);
        } catch (EngineException | NoClassDefFoundError e) {
            throw new UserError("%s, the tokenizer's native library, cannot be loaded (%s). %s".formatted(file, e.getMessage(), REMEDY), e);
        }
        loaded = true;
    }

    /// Where the library looks for it, and would unpack it.
    static Path file() {
        var platform = platform();
        return Utils.getEngineCacheDir(NAME).resolve("%s-cpu-%s".formatted(platform.getVersion(), platform.getClassifier()))
                .resolve(System.mapLibraryName(NAME)).toAbsolutePath();
    }

    private static Platform platform() { return Platform.detectPlatform(NAME); }

    /// Whole or not at all: another process may do the same.
    private static void unpack(Path file) {
        var packed = packed();
        if (packed == null || Files.exists(file)) return;
        try {
            var folder = Files.createDirectories(file.getParent());
            var unfinished = Files.createTempFile(folder, ".", ".unfinished");
            try (var in = packed.openStream()) {
                Files.copy(in, unfinished, StandardCopyOption.REPLACE_EXISTING);
                Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException e) {
            throw new UserError("%s: the tokenizer's native library (15 MB) cannot be unpacked there: %s. %s".formatted(file.getParent(),
                    SystemReason.of(e), REMEDY), e);
        }
    }

    /// Null for a platform that the jar has nothing for: then the library says so.
    private static @Nullable URL packed() {
        return LibUtils.class.getResource("/native/lib/%s/cpu/%s".formatted(platform().getClassifier(), System.mapLibraryName(NAME)));
    }
}
