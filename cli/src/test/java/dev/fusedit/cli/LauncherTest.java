package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `./fusedit` in a folder of its own, with a JDK and a Maven that only tell how they were called.
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    @TempDir
    private Path folder;

    private Path root;
    private Path jdk;

    private record Result(int exitCode, String out, String err, long pid) {}

    @BeforeEach
    void makeProjectJdkAndMaven() throws IOException {
        root = Files.createDirectories(folder.resolve("a project"));
        jdk = Files.createDirectories(folder.resolve("jdk/bin")).getParent();
        Files.copy(launcher(), root.resolve("fusedit"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.createDirectories(root.resolve("build"));
        for (var part : List.of("build/find-jdk", "build/start-java")) Files.copy(launcher().resolveSibling(part), root.resolve(part));
        Files.createDirectories(root.resolve("cli/src/main/java"));
        for (var file : List.of("pom.xml", "cli/pom.xml", "cli/src/main/java/A.java", "cli/src/main/java/B.java")) {
            Files.writeString(root.resolve(file), "x");
        }
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"25.0.3\"\n");
        program("jdk/bin/javac", "");
        program("jdk/bin/java", """
            case "$*" in
                *AOTCacheOutput=*) exit ;;
                *Nonsense*-version) echo "Unrecognized VM option 'Nonsense'"; echo "Error: Could not create the Java Virtual Machine."; exit 1 ;;
            esac
            [[ ! -d /proc/$$/fd ]] || echo "$(readlink /proc/$$/fd/0) $(readlink /proc/$$/fd/1)" >>"%1$s/streams"
            echo "java $* FUSEDIT_COMMAND=$FUSEDIT_COMMAND LC_CTYPE=${LC_CTYPE:-} LC_ALL=${LC_ALL:-} OMP_WAIT_POLICY=$OMP_WAIT_POLICY COLUMNS=${COLUMNS:-} pid=$$"
            """.formatted(folder));
        program("jdk/bin/jar", "cp -r ../../build/manifest META-INF\n");
        program("bin/mvn", """
            echo "$*" >>"%1$s/mvn.calls"
            echo "the log of Maven"
            [[ ! -e "%1$s/broken" ]] || exit 1
            sleep 0.3
            mkdir -p .fusedit/build/{cli,trainer,manifest}
            touch .fusedit/build/cli/cli-1{,-class-path}.jar .fusedit/build/trainer/trainer-1.jar "%1$s/other one.jar"
            printf 'Manifest-Version: 1.0\\r\\nClass-Path: %%s\\r\\n %%s\\r\\nX: y\\r\\n' \\
                "$PWD/.fusedit/build/trainer/trai" "ner-1.jar %1$s/other one.jar" >.fusedit/build/manifest/MANIFEST.MF
            """.formatted(folder));
    }

    @Test
    void buildsOnceThenStartsAtOnce() throws Exception {
        var first = fusedit("train", "a b");
        assertThat(first.exitCode).as(first.err).isZero();
        assertThat(first.err).contains("building", "downloading", ".fusedit/build.log", "built in");
        assertThat(first.out).doesNotContain("--add-modules").contains("--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED", "-Xlog:all=error:stderr", "FUSEDIT_COMMAND=" + root + "/fusedit",
                "OMP_WAIT_POLICY=passive",
                "/lib/cli.jar:", "/lib/trainer-1.jar:" + folder + "/other one.jar dev.fusedit.cli.Main train a b");
        var second = fusedit("--version");
        assertThat(second.err).isEmpty();
        assertThat(second.out).endsWith("pid=" + second.pid + "\n").contains("dev.fusedit.cli.Main --version");
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void changedAndDeletedSourcesAreBuiltAgain() throws Exception {
        fusedit("--version");
        Files.writeString(root.resolve("cli/src/main/java/A.java"), "y");
        assertThat(fusedit("--version").err).contains("building");
        Files.delete(root.resolve("cli/src/main/java/B.java"));
        assertThat(fusedit("--version").err).contains("building");
        Files.delete(folder.resolve("other one.jar"));
        assertThat(fusedit("--version").err).contains("building");
        assertThat(fusedit("--version").err).isEmpty();
        assertThat(builds()).isEqualTo(4);
        try (var apps = Files.list(root.resolve(".fusedit/app"))) {
            assertThat(apps).as("old builds that nobody runs are removed").hasSize(1);
        }
    }

    @Test
    void twoAtOnceBuildOnce() throws Exception {
        var one = start();
        var other = start();
        assertThat(one.waitFor()).isZero();
        assertThat(other.waitFor()).isZero();
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void failedBuildShowsTheEndOfItsLog() throws Exception {
        Files.createFile(folder.resolve("broken"));
        var result = fusedit("--version");
        assertThat(result.exitCode).isEqualTo(1);
        assertThat(result.out).isEmpty();
        assertThat(result.err).contains("the log of Maven", "the build failed; the log is " + root.toRealPath() + "/.fusedit/build.log");
    }

    @Test
    void wrongJdkIsAnEnvironmentError() throws Exception {
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"17.0.15\"\n");
        var result = fusedit("--version");
        assertThat(result.exitCode).isEqualTo(3);
        assertThat(result.err).isEqualTo("fusedit: FUSEDIT_JAVA_HOME=" + jdk + " is not a JDK 25.\n");
    }

    /// Made by jlink, say: without the Java Vector API results have other last digits.
    @Test
    void aJdkWithoutTheVectorModuleIsNone() throws Exception {
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.3\"\nMODULES=\"java.base jdk.compiler\"\n");
        assertThat(fusedit("--version").exitCode).isEqualTo(3);
        Files.writeString(jdk.resolve("release"), "MODULES=\"java.base jdk.incubator.vector\"\nJAVA_VERSION=\"25.0.3\"\n");
        assertThat(fusedit("--version").exitCode).isZero();
    }

    // ---- places

    @ParameterizedTest
    @ValueSource(strings = {"it's \"b\"", "a*b?[c]{d,e}", "a$(b)`c`$d", "a;b&c|d>e", "a%20b#c", "a\\b", "-a", "~a é", "a\tb"})
    void startsInAFolderOfAnyName(String name) throws Exception {
        Files.move(root, folder.resolve(name));
        root = folder.resolve(name);
        for (int i = 0; i < 2; i++) {
            var result = fusedit("train", "a b");
            assertThat(result.exitCode).as(result.err).isZero();
            assertThat(result.out).contains("-cp " + root.toRealPath() + "/.fusedit/app/", "dev.fusedit.cli.Main train a b");
        }
        assertThat(builds()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a:b", "a\nb"})
    void aFolderThatNoClassPathHoldsIsRefused(String name) throws Exception {
        Files.move(root, folder.resolve(name));
        root = folder.resolve(name);
        var result = fusedit("--version");
        assertThat(result.exitCode).isEqualTo(3);
        assertThat(result.err).startsWith("fusedit: the folder " + root.toRealPath() + " has a colon or a line break in its name");
        assertThat(folder.resolve("mvn.calls")).doesNotExist();
    }

    @Test
    void soIsARepositoryOfThatKind() throws Exception {
        var maven = Files.readString(folder.resolve("bin/mvn"));
        Files.createDirectory(folder.resolve("a:b"));
        Files.writeString(folder.resolve("bin/mvn"), maven.replace("/other one.jar", "/a:b/other.jar"));
        var result = fusedit("--version");
        assertThat(result.exitCode).isEqualTo(3);
        assertThat(result.err).contains("/a:b/other.jar has a colon in its name", "-Dmaven.repo.local=DIR");
    }

    // ---- what is closed

    @Test
    @EnabledOnOs(OS.LINUX)
    void streamsThatAreClosedAreNoFiles() throws Exception {
        fusedit("--version");
        Files.delete(folder.resolve("streams"));
        var builder = new ProcessBuilder("bash", "-c", "exec \"$0\" --version <&- >&-", root.resolve("fusedit").toString());
        builder.environment().put("FUSEDIT_JAVA_HOME", jdk.toString());
        builder.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        builder.redirectError(folder.resolve("err").toFile()).start().waitFor();
        assertThat(folder.resolve("streams")).hasContent("/dev/null /dev/null\n");
    }

    // ---- the terminal

    @Test
    @EnabledOnOs(OS.LINUX)
    void theTerminalIsAskedForItsWidth() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "no program here that makes a terminal");
        fusedit("--version");
        var builder = new ProcessBuilder("script", "-qec", "stty cols 43; '" + root.resolve("fusedit") + "' --version", "/dev/null");
        builder.environment().put("FUSEDIT_JAVA_HOME", jdk.toString());
        builder.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        builder.environment().remove("COLUMNS");
        var terminal = builder.redirectErrorStream(true).redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null"))).start();
        assertThat(new String(terminal.getInputStream().readAllBytes())).contains(" COLUMNS=43 pid=");
    }

    /// What is said of it goes on, and nothing fails or is printed.
    @Test
    void withoutATerminalNoneIsAsked() throws Exception {
        fusedit("--version");
        var none = fusedit(environment -> environment.remove("COLUMNS"), "--version");
        assertThat(none.out).contains(" COLUMNS= pid=");
        assertThat(none.err).isEmpty();
        assertThat(fusedit(environment -> environment.put("COLUMNS", "51"), "--version").out).contains(" COLUMNS=51 pid=");
    }

    // ---- Java's options

    @ParameterizedTest
    @CsvSource({"FUSEDIT_JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"})
    void optionsThatJavaRefusesAreNamed(String variable) throws Exception {
        program("jdk/bin/java", """
            case "$* ${JAVA_TOOL_OPTIONS:-} ${JDK_JAVA_OPTIONS:-}" in
                *Nonsense*) echo "Picked up x"; echo "Unrecognized VM option 'Nonsense'"; echo "Error: Could not create the Java Virtual Machine."; exit 1 ;;
            esac
            """);
        var result = fusedit(environment -> environment.put(variable, "-XX:+Nonsense"), "--version");
        assertThat(result.exitCode).isEqualTo(3);
        assertThat(result.err)
                .isEqualTo("fusedit: Java does not start with " + variable + "=-XX:+Nonsense: Unrecognized VM option 'Nonsense'\n");
        assertThat(folder.resolve("mvn.calls")).as("told before anything is built").doesNotExist();
    }

    @Test
    void agentsAreNotStartedTwice() throws Exception {
        fusedit("--version");
        Files.delete(folder.resolve("streams"));
        fusedit(environment -> environment.put("FUSEDIT_JAVA_OPTS", "-agentlib:jdwp=transport=dt_socket,server=y"), "--version");
        assertThat(folder.resolve("streams")).content().hasLineCount(1);
    }

    @Test
    void startsWithoutHome() throws Exception {
        for (int i = 0; i < 2; i++) { // with a build, and without one
            var result = fusedit(environment -> environment.remove("HOME"), "--version");
            assertThat(result.exitCode).as(result.err).isZero();
            assertThat(result.err).doesNotContain("unbound");
        }
        var searching = fusedit(environment -> {
            environment.remove("HOME");
            environment.remove("JAVA_HOME");
            environment.remove("FUSEDIT_JAVA_HOME");
        }, "--version");
        assertThat(searching.err).doesNotContain("unbound");
    }

    @ParameterizedTest
    @CsvSource({"C", "POSIX", "xx_YY.UTF-8", "de_DE.NOSUCH", "en_US"})
    void argumentsAreUtf8WhereTheLocaleIsNoneOrKnowsAsciiAlone(String locale) throws Exception {
        for (var variable : List.of("LC_ALL", "LC_CTYPE", "LANG")) {
            var result = fusedit(environment -> {
                environment.keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
                environment.put(variable, locale);
            }, "--version");
            assertThat(result.out).as(variable).containsPattern("LC_CTYPE=(C|en_US).(UTF-8|utf8) LC_ALL= ");
        }
    }

    @Test
    void aLocaleInUtf8Stays() throws Exception {
        assertThat(fusedit(environment -> environment.put("LC_ALL", "C.UTF-8"), "--version").out).contains("LC_ALL=C.UTF-8");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        -Dx=y                    | -Xms64m -Xmx2g -Xmn16m -XX:+UseSerialGC
        -Xmx8g                   | -Xms64m -Xmx2g -Xmn16m -XX:+UseSerialGC
        -Xmx32m                  | -Xmx2g -XX:+UseSerialGC
        -XX:MaxHeapSize=33554432 | -Xmx2g -XX:+UseSerialGC
        -Xms1g                   | -Xmx2g -Xmn16m -XX:+UseSerialGC
        -Xmn100m                 | -Xms64m -Xmx2g -XX:+UseSerialGC
        -XX:+UseZGC              | -Xms64m -Xmx2g
        """)
    void optionsOfTheUserTakeThePlaceOfOurs(String options, String ours) throws Exception {
        fusedit("--version");
        var result = fusedit(environment -> environment.put("FUSEDIT_JAVA_OPTS", options + "\n -Dsecond=line"), "--version");
        assertThat(result.out).containsPattern(
                "java --enable-native-access=ALL-UNNAMED --add-exports=[^ ]+ " + Pattern.quote(ours) + " -Xlog:disable [^ ]+ "
                        + Pattern.quote(options) + " -Dsecond=line -cp ");
    }

    // ---- the start-up cache

    /// With the JDK of this test, a cache of its making, and a program that tells its options.
    @ParameterizedTest
    @CsvSource({"shell a.jsh", "--debug shell a.jsh", "--libtorch DIR shell", "doctor"})
    void theStartUpCacheServesEachCommand(String words) throws Exception {
        jdk = Path.of(System.getProperty("java.home"));
        compileAProgramThatTellsItsOptions();
        program("bin/mvn", """
            mkdir -p .fusedit/build/cli
            cp "%1$s/cli.jar" .fusedit/build/cli/cli-1.jar
            cp "%1$s/cli-class-path.jar" .fusedit/build/cli/cli-1-class-path.jar
            """.formatted(folder));
        fusedit("--version");
        try (var files = Files.walk(root.resolve(".fusedit/app"))) {
            assertThat(files.map(Path::toString).filter(file -> file.endsWith(".aot"))).hasSize(1);
        }
        var result = fusedit(words.split(" "));
        assertThat(result.exitCode).isZero();
        assertThat(result.err).as("of Java").isEmpty();
        assertThat(result.out).contains("-XX:AOTCache=");
        assertThat(result.out.contains("sources: " + root + "/cli/src/main/java:")).isEqualTo(words.contains("shell"));
    }

    private void compileAProgramThatTellsItsOptions() throws IOException {
        var source = Files.writeString(Files.createDirectory(folder.resolve("program")).resolve("Main.java"), """
            package dev.fusedit.cli;

            class Main {
                public static void main(String[] arguments) {
                    System.out.println(String.join(" ", ProcessHandle.current().info().arguments().orElseThrow()));
                    System.out.println("sources: " + System.getProperty("fusedit.sources"));
                }
            }
            """);
        var classes = folder.resolve("classes").toString();
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", classes, source.toString())).isZero();
        var jar = java.util.spi.ToolProvider.findFirst("jar").orElseThrow();
        assertThat(jar.run(System.out, System.err, "cf", folder + "/cli.jar", "-C", classes, ".")).isZero();
        var manifest = Files.writeString(folder.resolve("manifest"), "Class-Path: " + folder + "/cli.jar\n");
        assertThat(jar.run(System.out, System.err, "cfm", folder + "/cli-class-path.jar", manifest.toString())).isZero();
    }

    private Result fusedit(String... arguments) throws IOException, InterruptedException { return fusedit(_ -> {}, arguments); }

    private Result fusedit(Consumer<Map<String, String>> change, String... arguments) throws IOException, InterruptedException {
        var process = start(change, arguments);
        var out = new String(process.getInputStream().readAllBytes());
        var err = Files.readString(folder.resolve("err"));
        return new Result(process.waitFor(), out, err, process.pid());
    }

    private Process start(String... arguments) throws IOException { return start(_ -> {}, arguments); }

    private Process start(Consumer<Map<String, String>> change, String... arguments) throws IOException {
        var builder = new ProcessBuilder(Stream.concat(Stream.of(root.resolve("fusedit").toString()), Stream.of(arguments)).toList());
        builder.redirectError(folder.resolve("err").toFile());
        var environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("FUSEDIT_") || name.startsWith("OMP_"));
        environment.put("HOME", folder.toString());
        environment.put("PATH", folder.resolve("bin") + ":" + environment.get("PATH"));
        environment.put("FUSEDIT_JAVA_HOME", jdk.toString());
        change.accept(environment);
        return builder.start();
    }

    private long builds() throws IOException { return Files.readAllLines(folder.resolve("mvn.calls")).size(); }

    private void program(String name, String body) throws IOException {
        var file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/usr/bin/env bash\n" + body);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /// The tests run in `cli/`.
    private static Path launcher() { return Path.of("..", "fusedit"); }
}
