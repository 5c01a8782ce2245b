package dev.fusedit.torch.presets;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class PresetLibrariesTest {
    @Test
    @EnabledOnOs(OS.LINUX)
    void filesComeInLoadOrder() {
        assertThat(PresetLibraries.reason()).isEmpty();
        assertThat(PresetLibraries.files()).allMatch(Files::isRegularFile).extracting(file -> file.getFileName().toString())
                .containsSubsequence("libgomp.so.1", "libgcc_s.so.1", "libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0",
                        "libc10.so",
                        "libtorch_cpu.so");
        assertThat(PresetLibraries.version().orElseThrow()).matches("2\\.\\d+\\.\\d+");
    }

    /// A process with a filled cache must not pay for JavaCPP's classes.
    @Test
    @EnabledOnOs(OS.LINUX)
    void filledCacheNeedsNoJavaCppClass() throws Exception {
        var filled = child(List.of("-Xlog:class+load:stdout"), System.getProperty("java.class.path"));
        assertThat(filled).contains("libtorch_cpu.so").doesNotContain(" org.bytedeco.");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void missingJarsGiveTheReason() throws Exception {
        var classPath = Path.of(PresetLibraries.class.getProtectionDomain().getCodeSource().getLocation().toURI()) + ":"
                + Path.of(PresetLibrariesTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        assertThat(child(List.of(), classPath)).contains("[] Optional.empty the class path has no preset natives for linux-");
    }

    /// Of each folder that was tried.
    @Test
    @EnabledOnOs(OS.LINUX)
    void foldersThatTakeNothingAreNamedWithTheReason() throws Exception {
        assertThat(child(List.of("-Duser.home=/proc", "-Djava.io.tmpdir=/dev/null"), System.getProperty("java.class.path")))
                .contains("its natives (360 MB) could not be unpacked: /proc/.javacpp/cache: No such file or directory; ",
                        "/dev/null/.javacpp-")
                .doesNotContain("Exception");
    }

    private static String child(List<String> flags, String classPath) throws Exception {
        PresetLibraries.files(); // fills the cache
        var command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "-Xshare:auto"));
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath, Print.class.getName()));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var out = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return out;
    }

    static final class Print {
        public static void main(String[] args) {
            System.out.println(PresetLibraries.files() + " " + PresetLibraries.version() + " " + PresetLibraries.reason());
        }
    }
}
