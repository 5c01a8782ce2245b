package dev.fusedit.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `examples/library` against the artifacts as `mvn install` leaves them, in a local repository of its own, which takes what is not ours from the
/// usual one where that has it.
@Tag("long")
class LibraryTest {
    @TempDir
    private Path folder;

    @Test
    void compilesAndRunsAgainstTheInstalledArtifacts() throws Exception {
        var settings = Files.writeString(folder.resolve("settings.xml"), """
            <settings>
              <localRepository>%s</localRepository>
              <profiles><profile>
                <id>here</id>
                <repositories><repository><id>here</id><url>%2$s</url></repository></repositories>
                <pluginRepositories><pluginRepository><id>here</id><url>%2$s</url></pluginRepository></pluginRepositories>
              </profile></profiles>
              <activeProfiles><activeProfile>here</activeProfile></activeProfiles>
            </settings>
            """.formatted(folder.resolve("repository"), Path.of(System.getProperty("user.home"), ".m2", "repository").toUri()));
        var maven = List.of("mvn", "-B", "-q", "-s", settings.toString());
        run(Path.of("..").toRealPath(), maven, "install", "-pl", "libtorch,trainer", "-am", "-DskipTests", "-Dformatter.skip=true",
                "-Dfusedit.launcher=" + folder.resolve("build"));

        var project = Files.createDirectories(folder.resolve("project"));
        for (var file : List.of("pom.xml", "src/main/java/Line.java", "src/main/java/Curve.java")) {
            Files.createDirectories(project.resolve(file).getParent());
            Files.copy(Path.of("library", file), project.resolve(file));
        }
        run(project, maven, "compile", "dependency:build-classpath", "-Dmdep.outputFile=target/classpath");
        assertThat(run(project, List.of(java()), "--enable-native-access=ALL-UNNAMED", "--illegal-native-access=deny", "-cp",
                "target/classes:" + Files.readString(project.resolve("target/classpath")), "Line")).isEqualTo("y = 3.0 x -1.0\n");
    }

    private static String java() { return Path.of(System.getProperty("java.home"), "bin", "java").toString(); }

    /// @return what it prints
    private String run(Path where, List<String> program, String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(program);
        command.addAll(Arrays.asList(arguments));
        var builder = new ProcessBuilder(command).directory(where.toFile()).redirectError(folder.resolve("err").toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        var process = builder.start();
        var out = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as("%s: %s%s", command, out, Files.readString(folder.resolve("err"))).isZero();
        return out;
    }
}
