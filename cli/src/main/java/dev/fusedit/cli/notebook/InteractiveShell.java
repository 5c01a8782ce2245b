package dev.fusedit.cli.notebook;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import dev.fusedit.trainer.log.ShellWords;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.prefs.Preferences;
import jdk.jshell.tool.JavaShellToolBuilder;

/// The JDK's own shell, its snippets in a JVM of their own: Ctrl-C stops a snippet, a crash leaves the shell alive.
public final class InteractiveShell {
    private static final Logger PREFERENCES = Logger.getLogger("java.util.prefs");
    /// Java's options for snippets.
    private static final List<String> OPTIONS = List.of("--enable-native-access=ALL-UNNAMED",
            "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED", "-Xlog:disable", "-Xlog:all=error:stderr");
    /// The tool's default shows 80 characters of a value: a line of a tensor.
    private static final String SETTINGS = """
            /set mode -delete -retain fusedit
            /set mode fusedit normal -quiet
            /set truncation fusedit 4000
            /set mode -retain fusedit
            /set feedback -retain fusedit
            /exit
            """;

    private InteractiveShell() {}

    /// On the terminal, until the person leaves. History and settings are kept for the next time.
    ///
    /// @return the exit status
    public static int run() throws Exception {
        PREFERENCES.setLevel(Level.WARNING); // it announces the folder that it makes for the history
        return start(JavaShellToolBuilder.builder(), Preferences.userRoot().node("dev/fusedit/shell"));
    }

    /// @param kept history and settings
    static int start(JavaShellToolBuilder tool, Preferences kept) throws Exception {
        settle(kept);
        Sources.attach();
        var startup = Files.createTempFile("fusedit-", ".jsh");
        try {
            Files.writeString(startup, Startup.interactive());
            var words = new ArrayList<>(List.of("--class-path", System.getProperty("java.class.path"), "--startup", startup.toString()));
            OPTIONS.forEach(option -> words.add("-R" + option));
            words.add("-R-Dfusedit.libtorch=" + System.getProperty("fusedit.libtorch", ""));
            var asked = System.getenv().getOrDefault("FUSEDIT_JAVA_OPTS", ""); // as the launcher reads it
            Splitter.on(CharMatcher.whitespace()).omitEmptyStrings().split(asked).forEach(option -> words.add("-R" + option));
            return tool.persistence(kept).start(words.toArray(String[]::new));
        } finally {
            Files.delete(startup);
        }
    }

    /// Once: what the person sets and retains afterwards stays. The tool has no other way to be told.
    private static void settle(Preferences kept) throws Exception {
        if (kept.get("settled", "").equals(SETTINGS)) return;
        JavaShellToolBuilder.builder().persistence(kept).in(new ByteArrayInputStream(SETTINGS.getBytes(StandardCharsets.UTF_8)), null)
                .out(new PrintStream(OutputStream.nullOutputStream())).err(new PrintStream(OutputStream.nullOutputStream()))
                .run("--no-startup", "--execution", "local");
        kept.put("settled", SETTINGS);
    }

    /// For a shell to evaluate: the variables by which the Jupyter kernel jjava has what this shell has.
    public static String jupyterVariables() {
        var options = new ArrayList<>(OPTIONS);
        var libtorch = System.getProperty("fusedit.libtorch");
        if (libtorch != null) options.add("-Dfusedit.libtorch=" + libtorch);
        return """
                export JJAVA_CLASSPATH=%s
                export JJAVA_JVM_OPTS=%s
                export JJAVA_STARTUP_SCRIPT=%s
                """.formatted(ShellWords.quoted(System.getProperty("java.class.path")), ShellWords.quoted(String.join(" ", options)),
                ShellWords.quoted(Startup.jupyter().strip()));
    }
}
