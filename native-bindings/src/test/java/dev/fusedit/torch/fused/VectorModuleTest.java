package dev.fusedit.torch.fused;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each way to ask for the module, in a process of its own.
class VectorModuleTest {
    private static final String EXPORT = "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED";
    private static final String ADDED = "--add-modules=jdk.incubator.vector";

    /// Whether it is there, and whether classes of it are found in it.
    static final class Ask {
        private Ask() {}

        public static void main(String[] args) {
            boolean there = VectorModule.load() && VectorModule.load();
            IO.println(there + (there ? " " + Vectors.module() : ""));
        }
    }

    /// Apart, so that [Ask] is linked without them.
    static final class Vectors {
        private Vectors() {}

        static String module() { return jdk.incubator.vector.FloatVector.SPECIES_PREFERRED.vectorType().getModule().getName(); }
    }

    @ParameterizedTest
    @CsvSource({EXPORT + ",true jdk.incubator.vector,false", ADDED + ",true jdk.incubator.vector,true", "-Dnone=given,false,false"})
    void itIsThereIfItIsAskedFor(String option, String out, boolean warned) throws Exception {
        var command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", option, "-cp",
                System.getProperty("java.class.path"), Ask.class.getName()));
        var process = new ProcessBuilder(command).start();
        assertThat(new String(process.getInputStream().readAllBytes()).strip()).isEqualTo(out);
        var errors = new String(process.getErrorStream().readAllBytes());
        assertThat(errors.contains("Using incubator modules")).as(errors).isEqualTo(warned);
        assertThat(process.waitFor()).isZero();
    }
}
