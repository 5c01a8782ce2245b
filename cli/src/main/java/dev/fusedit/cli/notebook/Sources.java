package dev.fusedit.cli.notebook;

import com.google.common.base.Splitter;
import com.google.common.base.StandardSystemProperty;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InaccessibleObjectException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Where JShell finds the documentation that it shows on Tab: our sources, by the property `fusedit.sources` (folders as in a class path)
/// and in `NAME-sources.jar` beside jars of the class path, and the JDK's.
///
/// JShell itself looks at the JDK's alone; the list that its own tests set is set here. Its package is opened to us by the class that does it for
/// `--add-opens`, since with that option Java refuses its start-up cache; it takes `--add-exports=java.base/jdk.internal.module=ALL-UNNAMED`, as
/// the launcher gives it. Without it documentation of ours is missing, and nothing else.
final class Sources {
    private Sources() {}

    /// For all shells of this process that are made from now on.
    ///
    /// @return whether it could be done
    static boolean attach() {
        try {
            var implementation = Class.forName("jdk.jshell.SourceCodeAnalysisImpl");
            Class.forName("jdk.internal.module.Modules").getMethod("addOpensToAllUnnamed", Module.class, String.class)
                    .invoke(null, implementation.getModule(), implementation.getPackageName());
            var field = implementation.getDeclaredField("availableSourcesOverride");
            field.setAccessible(true);
            field.set(null, all());
            return true;
        } catch (ReflectiveOperationException | InaccessibleObjectException _) {
            return false;
        }
    }

    private static List<Path> all() {
        var all = new ArrayList<Path>();
        for (var folder : entries(System.getProperty("fusedit.sources", ""))) {
            if (Files.isDirectory(folder)) all.add(folder);
        }
        for (var jar : entries(String.valueOf(StandardSystemProperty.JAVA_CLASS_PATH.value()))) {
            var sources = Path.of(jar.toString().replaceFirst("\\.jar$", "-sources.jar"));
            if (!sources.equals(jar) && Files.isRegularFile(sources)) all.add(sources);
        }
        all.addAll(ofJdk());
        return all;
    }

    private static List<Path> entries(String path) {
        return Splitter.on(File.pathSeparatorChar).omitEmptyStrings().splitToStream(path).map(Path::of).toList();
    }

    /// A folder for each module of `lib/src.zip`, which stays open; none where the JDK has no sources.
    private static List<Path> ofJdk() {
        var zip = Path.of(String.valueOf(StandardSystemProperty.JAVA_HOME.value()), "lib", "src.zip");
        if (!Files.isReadable(zip)) return List.of();
        try {
            var files = FileSystems.newFileSystem(zip);
            try (Stream<Path> modules = Files.list(files.getPath("/"))) {
                return modules.filter(Files::isDirectory).toList();
            }
        } catch (IOException _) {
            return List.of();
        }
    }
}
