package dev.fusedit.cli.notebook;

import com.google.common.io.Resources;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.trainer.log.ProgramVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// What a shell has before its first prompt: everything imported, and the session's scope open.
public final class Startup {
    private static final String GREETING = "dev.fusedit.cli.notebook.Startup.greet();";

    private Startup() {}

    /// Snippets, one a line.
    static List<String> lines() { return text("startup.jsh").lines().toList(); }

    /// For the JDK's tool.
    static String interactive() { return text("startup.jsh") + GREETING + "\n"; }

    /// For the Jupyter kernel jjava, which shows a [dev.fusedit.trainer.shell.ShownImage] as an image then.
    static String jupyter() { return text("startup.jsh") + text("jjava.jsh"); }

    /// Loads libtorch, and says what there is, or what is missing.
    public static void greet() {
        IO.println("fusedit %s, %s. All is imported, tensors go to `scope`; Tab completes, Tab again documents, /exit leaves."
                .formatted(ProgramVersion.number(), libtorch()));
        IO.println("Examples: /open examples/01-tensors.jsh, 02-fused-layer, 03-train-blocks, 04-gemma, 05-sampling, 06-fusions, "
                + "07-gradient-masks, 08-bridge.");
    }

    private static String libtorch() {
        try {
            return "libtorch " + Libtorch.info().version();
        } catch (LibtorchUnavailable e) {
            return "without libtorch (%s)".formatted(e.getMessage());
        }
    }

    private static String text(String resource) {
        try {
            return Resources.toString(Resources.getResource(Startup.class, resource), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
