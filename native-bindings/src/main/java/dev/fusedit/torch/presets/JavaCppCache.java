package dev.fusedit.torch.presets;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;

/// Unpacks through JavaCPP. Apart from [PresetLibraries], so that a filled cache needs no class of JavaCPP.
final class JavaCppCache {
    static {
        MemoryGuard.off();
    }

    private JavaCppCache() {}

    static Path unpack(URL url) throws IOException { return Loader.cacheResource(url).toPath().toRealPath(); }
}
