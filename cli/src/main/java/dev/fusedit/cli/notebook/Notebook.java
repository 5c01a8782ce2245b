package dev.fusedit.cli.notebook;

import com.google.common.base.StandardSystemProperty;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.io.TextFile;
import java.io.File;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jshell.DeclarationSnippet;
import jdk.jshell.Diag;
import jdk.jshell.EvalException;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.Snippet.Status;
import jdk.jshell.Snippet.SubKind;
import jdk.jshell.SnippetEvent;

/// Runs a file of JShell snippets in this process, on this thread, and stops at the first error. Everything is imported and the session's
/// scope open ([Startup]). An expression without a semicolon prints its value.
///
/// The JDK's own tool exits with 0 whatever happens in the file, so it can't guard anything. Of that tool's commands a file may
/// hold `/exit`.
public final class Notebook implements AutoCloseable {
    static final String WANTED = "a notebook";

    private final JShell shell;
    private final PrintStream messages;

    public Notebook(PrintStream messages) {
        this.messages = messages;
        shell = JShell.builder().executionEngine(new DirectExecution(), Map.of()).build();
        Stream.of(StandardSystemProperty.JAVA_CLASS_PATH.value().split(File.pathSeparator)).forEach(shell::addToClasspath);
        Startup.lines().forEach(shell::eval);
    }

    /// @return true if every snippet compiled and ran; else `messages` has got file, line and cause
    public boolean run(Path file) { return runAll(TextFile.lines(file, WANTED), file); }

    /// As [#run(Path)].
    ///
    /// @param name what messages call it
    public boolean run(InputStream snippets, String name) { return runAll(TextFile.lines(snippets, WANTED, name), name); }

    private boolean runAll(List<String> lines, Object file) { return run(lines, file, 0) && allResolved(file); }

    /// Some lines of a file, which end with a whole snippet.
    ///
    /// @param first number of the first one, from 0
    boolean run(List<String> lines, Object file, int first) {
        var pending = ""; // lines that are no whole snippet yet
        int start = 0;
        for (int i = 0; i < lines.size(); i++) {
            if (pending.isBlank()) {
                pending = "";
                start = i;
                var command = lines.get(i).strip();
                if (command.equals("/exit")) {
                    break;
                }
                if (command.matches("/\\w.*")) {
                    return fail(file, first + i, "'" + command + "': of JShell's commands a file may hold only /exit");
                }
            }
            pending += lines.get(i) + "\n";
            while (!pending.isBlank()) {
                var found = shell.sourceCodeAnalysis().analyzeCompletion(pending);
                boolean last = i == lines.size() - 1;
                if (!found.completeness().isComplete() && !last) {
                    break;
                }
                boolean whole = found.source() != null && found.completeness().isComplete();
                if (!evaluate(whole ? found.source() : pending, file, first + start)) {
                    return false;
                }
                pending = whole ? found.remaining() : "";
                start = i;
            }
        }
        return true;
    }

    private boolean evaluate(String source, Object file, int start) {
        for (var event : shell.eval(source)) {
            var problem = problem(event);
            if (problem.isPresent()) {
                return fail(file, start + lineOfError(event.snippet(), source), problem.get());
            }
            show(event);
        }
        return true;
    }

    private static void show(SnippetEvent event) {
        var kind = event.snippet().subKind();
        boolean asksForValue = kind == SubKind.TEMP_VAR_EXPRESSION_SUBKIND || kind == SubKind.VAR_VALUE_SUBKIND;
        boolean ends = event.snippet().source().strip().endsWith(";");
        if (asksForValue && event.causeSnippet() == null && !ends) System.out.println(event.value());
    }

    private Optional<String> problem(SnippetEvent event) {
        if (event.exception() instanceof EvalException thrown) {
            var where = Stream.of(thrown.getStackTrace()).limit(8).map(frame -> "\n    at " + frame).collect(Collectors.joining());
            return Optional.of(thrown.getExceptionClassName() + ": " + thrown.getMessage() + where);
        }
        return switch (event.status()) {
            case REJECTED ->
                    Optional.of(errors(event.snippet()).map(error -> error.getMessage(Locale.ROOT)).collect(Collectors.joining("\n")));
            case RECOVERABLE_NOT_DEFINED -> Optional.of(unresolved(event.snippet()));
            default -> Optional.ofNullable(event.exception()).map(Throwable::toString);
        };
    }

    private Stream<Diag> errors(Snippet snippet) { return shell.diagnostics(snippet).filter(Diag::isError); }

    /// In lines from the snippet's first; a compiler's error knows its place, else the first line that isn't blank or a comment.
    private int lineOfError(Snippet snippet, String source) {
        var code = Math.max(0, source.indexOf(snippet.source().strip()));
        var offset = errors(snippet).findFirst().map(error -> Math.max(0, error.getPosition())).orElse(0L);
        return (int) source.substring(0, (int) Math.min(source.length(), code + offset)).chars().filter(c -> c == '\n').count();
    }

    private String unresolved(Snippet snippet) {
        var names =
                snippet instanceof DeclarationSnippet declaration ? shell.unresolvedDependencies(declaration) : Stream.of(snippet.source());
        return "unknown: " + names.collect(Collectors.joining(", "));
    }

    /// A method may name what only later snippets define; at the end nothing may be open.
    boolean allResolved(Object file) {
        var open = shell.snippets().filter(snippet -> shell.status(snippet) == Status.RECOVERABLE_DEFINED).toList();
        open.forEach(snippet -> messages.println(file + ": " + unresolved(snippet)));
        return open.isEmpty();
    }

    private boolean fail(Object file, int line, String problem) {
        messages.println(file + ":" + (line + 1) + ": " + problem);
        return false;
    }

    @Override
    public void close() {
        shell.close();
        TensorScope.session().close();
    }
}
