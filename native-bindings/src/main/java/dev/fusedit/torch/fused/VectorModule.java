package dev.fusedit.torch.fused;

import java.lang.reflect.InvocationTargetException;

/// The module of the Java Vector API. Java has it only if it is asked for: by `--add-modules jdk.incubator.vector`, of which it warns in a line
/// that nothing turns off, or, as here, once the first kernel is wanted, in the way in which the JVM itself loads `java.instrument` for an agent.
/// For that `java.base` must export the package of the class that does it: [#EXPORT], among Java's options.
final class VectorModule {
    static final String EXPORT = "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED";
    private static final String NAME = "jdk.incubator.vector";

    private VectorModule() {}

    /// Loads it if it is not there. From then on its classes are found as if it had been there from the beginning; the compiler knows its operations in
    /// either case.
    ///
    /// @return false if it was not asked for, or this JDK is without it
    static boolean load() {
        if (ModuleLayer.boot().findModule(NAME).isPresent()) return true;
        try {
            Class.forName("jdk.internal.module.Modules").getMethod("loadModule", String.class).invoke(null, NAME);
            return true;
        } catch (ClassNotFoundException | NoSuchMethodException | IllegalAccessException | InvocationTargetException _) {
            return false;
        }
    }
}
