package dev.fusedit.cli.notebook;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.StandardSystemProperty;
import com.google.common.reflect.ClassPath;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.prefs.AbstractPreferences;
import java.util.stream.Stream;
import jdk.jshell.JShell;
import jdk.jshell.tool.JavaShellToolBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InteractiveShellTest {
    @AfterEach
    void withoutSources() { System.clearProperty("fusedit.sources"); }

    /// The JDK's tool, with what the person types as a stream.
    @Test
    void greetsPrintsAndSurvivesMisuse() throws Exception {
        var typed = """
                scope
                var x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
                x.size()
                x.matmul(Tensor.ones(DType.F32, 3, 3))
                var wide = Tensor.arange(100)
                scope.close();
                x
                x.add(x)
                Tensor.ones(DType.F32, 2)
                scope = TensorScope.session()
                Tensor.ones(DType.F32, 2)
                /exit
                """;
        var out = new ByteArrayOutputStream();
        var print = new PrintStream(out, true, StandardCharsets.UTF_8);
        var in = new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8));
        var status = InteractiveShell.start(JavaShellToolBuilder.builder().in(in, null).out(print).err(print), new Kept());
        var text = out.toString(StandardCharsets.UTF_8).replace("\\r", "");
        assertThat(status).as("%s", text).isZero();
        assertThat(text.lines().findFirst()).hasValueSatisfying(line -> assertThat(line).startsWith("fusedit ").contains("libtorch 2."));
        assertThat(text).doesNotContain("Welcome to JShell").contains("examples/01-tensors.jsh")
                .contains("==> TensorScope(session, 0 tensors, 0 bytes)")
                .contains("x ==> tensor([[1., 2.],\n        [3., 4.]])")
                .contains("==> [2, 2]")
                .contains("matmul: mat1 and mat2 shapes cannot be multiplied (2x2 and 3x3)")
                .contains("84, 85, 86, 87, 88, 89,") // what the tool cuts out by default
                .contains("x ==> tensor(closed)")
                .contains("add: a tensor was used after its scope was closed or it was freed")
                .contains("no TensorScope is open on this thread")
                .contains("==> tensor([1., 1.])");
    }

    /// On Tab: what the Javadoc says, of us and of the JDK.
    @Test
    void documentationIsFound() {
        System.setProperty("fusedit.sources", Stream.of("native-bindings", "trainer").map(module -> "../" + module + "/src/main/java")
                .reduce((a, b) -> a + File.pathSeparator + b).orElseThrow());
        assertThat(Sources.attach()).isTrue();
        try (var shell = JShell.builder().executionEngine("local").build()) {
            Stream.of(StandardSystemProperty.JAVA_CLASS_PATH.value().split(File.pathSeparator)).forEach(shell::addToClasspath);
            Startup.lines().stream().filter(line -> line.startsWith("import")).forEach(shell::eval);
            assertThat(documentation(shell, "Tensor.arange(")).contains("0, 1, … n − 1 as i64");
            assertThat(documentation(shell, "Train.run(")).contains("With stages so long that the whole takes about so many minutes.");
            assertThat(documentation(shell, "String.valueOf(")).isNotEmpty();
        }
    }

    private static String documentation(JShell shell, String code) {
        var text = new StringBuilder();
        for (var one : shell.sourceCodeAnalysis().documentation(code, code.length(), true)) {
            text.append(one.signature()).append('\n').append(one.javadoc());
        }
        return text.toString();
    }

    /// A name that two imported packages have would be an error where it is used.
    @Test
    void importedNamesAreOfOnePackageEach() throws IOException {
        var packages = Startup.lines().stream().filter(line -> line.matches("import dev\\..*\\.\\*;"))
                .map(line -> line.replaceFirst("import (.*)\\.\\*;", "$1")).toList();
        Map<String, TreeSet<String>> places = new TreeMap<>();
        var all = ClassPath.from(InteractiveShellTest.class.getClassLoader());
        for (var name : packages) {
            var classes = all.getTopLevelClasses(name);
            assertThat(classes).as(name).isNotEmpty();
            for (var one : classes) {
                if (!Modifier.isPublic(one.load().getModifiers())) continue;
                places.computeIfAbsent(one.getSimpleName(), _ -> new TreeSet<>()).add(name);
            }
        }
        places.values().removeIf(found -> found.size() == 1);
        assertThat(places).isEmpty();
    }

    @Test
    void jupyterFindsTheSame() {
        assertThat(InteractiveShell.jupyterVariables()).contains("export JJAVA_CLASSPATH=", "--enable-native-access=ALL-UNNAMED",
                "var scope = TensorScope.session();", "ShownImage.class");
    }

    /// Settings that are kept nowhere.
    private static final class Kept extends AbstractPreferences {
        private final Map<String, String> values = new HashMap<>();

        Kept() { super(null, ""); }

        @Override
        protected void putSpi(String key, String value) { values.put(key, value); }

        @Override
        protected String getSpi(String key) { return values.get(key); }

        @Override
        protected void removeSpi(String key) { values.remove(key); }

        @Override
        protected void removeNodeSpi() { values.clear(); }

        @Override
        protected String[] keysSpi() { return values.keySet().toArray(String[]::new); }

        @Override
        protected String[] childrenNamesSpi() { return new HashSet<String>().toArray(String[]::new); }

        @Override
        protected AbstractPreferences childSpi(String name) { throw new UnsupportedOperationException(); }

        @Override
        protected void syncSpi() {}

        @Override
        protected void flushSpi() {}
    }
}
