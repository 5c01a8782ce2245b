package dev.fusedit.cli;

import dev.fusedit.cli.notebook.InteractiveShell;
import dev.fusedit.cli.notebook.Notebook;
import dev.fusedit.cli.notebook.NotebookFile;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.Terminal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "shell",
        description = "Java's own shell with everything of fusedit imported and a scope open; with FILE, or snippets from a pipe, runs "
                + "them and exits 1 if there is an error.")
final class ShellCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "A file of snippets (.jsh).")
    private @Nullable Path file;

    @ArgGroup
    private @Nullable Form form;

    @Option(names = "--force", description = "Replace a file that is there.")
    private boolean force;

    static final class Form {
        @Option(names = "--markdown", paramLabel = "OUT.md",
                description = "Run FILE, and write its prose, its code and what it printed as a page. Images go into a folder OUT beside "
                        + "it.")
        private @Nullable Path markdown;

        @Option(names = "--ipynb", paramLabel = "OUT.ipynb",
                description = "Write FILE as a Jupyter notebook for the kernel jjava. Runs nothing.")
        private @Nullable Path ipynb;

        @Option(names = "--jupyter",
                description = "Print the variables by which the kernel jjava finds fusedit: eval \"$(./fusedit shell --jupyter)\"; jupyter "
                        + "lab")
        private boolean jupyter;
    }

    @Override
    public Integer call() throws Exception {
        if (form != null && form.jupyter) {
            if (file != null) throw new UserError("shell: --jupyter prints variables, and reads no FILE");
            spec.commandLine().getOut().print(InteractiveShell.jupyterVariables());
            return ExitCode.OK;
        }
        if (ModuleLayer.boot().findModule("jdk.jshell").isEmpty()) {
            System.err.println(
                    "shell: the Java runtime that fusedit came with has no JShell. The whole archive's has it, and so has every JDK 25.");
            return ExitCode.ENVIRONMENT;
        }
        if (form != null && file == null) throw new UserError("shell: --markdown and --ipynb are of a FILE. Give one");
        if (form != null && form.markdown != null) return markdown(NotebookFile.read(file), form.markdown);
        if (form != null && form.ipynb != null) {
            OutputFile.requireFree(form.ipynb, "--ipynb", force);
            OutputFile.write(form.ipynb, NotebookFile.read(file).ipynb().getBytes(StandardCharsets.UTF_8));
            return ExitCode.OK;
        }
        if (file == null && Terminal.isStdin()) return InteractiveShell.run();
        try (var notebook = new Notebook(System.err)) {
            return (file == null ? notebook.run(System.in, "stdin") : notebook.run(file)) ? ExitCode.OK : ExitCode.CHECK_FAILED;
        }
    }

    private int markdown(NotebookFile notebook, Path out) {
        var name = String.valueOf(out.getFileName());
        if (!name.endsWith(".md")) {
            throw new UserError("shell: --markdown %s: a page is named NAME.md, and its images lie in NAME".formatted(out));
        }
        OutputFile.requireFree(out, "--markdown", force);
        var page = notebook.markdown(out.resolveSibling(name.substring(0, name.length() - ".md".length())), System.err);
        page.ifPresent(text -> OutputFile.write(out, text.getBytes(StandardCharsets.UTF_8)));
        return page.isPresent() ? ExitCode.OK : ExitCode.CHECK_FAILED;
    }
}
