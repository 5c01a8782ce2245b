package dev.fusedit.cli.notebook;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NotebookTest {
    @TempDir
    private Path folder;

    private final ByteArrayOutputStream messages = new ByteArrayOutputStream();

    private boolean run(String text) throws IOException {
        try (var notebook = new Notebook(new PrintStream(messages, true))) {
            return notebook.run(Files.writeString(folder.resolve("a.jsh"), text));
        }
    }

    @Test
    void snippetsRunInOrderOnThisThread() throws IOException {
        System.clearProperty("notebook");
        assertThat(run("""
            // Comments, blank lines, no semicolons, many lines.

            record Pair(int a,
                        int b) {}
            int twice(int x) { return once(x) + once(x); }
            int once(int x) { return x; } // named before it is there
            var pair = new Pair(1, 2)
            System.setProperty("notebook", Thread.currentThread().getName() + twice(pair.b()))
            """)).as(messages.toString()).isTrue();
        assertThat(System.getProperty("notebook")).isEqualTo(Thread.currentThread().getName() + 4);
        assertThat(messages.toString()).isEmpty();
    }

    @Test
    void classPathIsThere() throws IOException {
        assertThat(run("import dev.fusedit.torch.*;\nvar wrong = new UserError(\"x\");")).as(messages.toString()).isTrue();
    }

    @Test
    void compileErrorHasFileAndLine() throws IOException {
        assertThat(run("int x = 1;\n\n// a comment\nint y =\n    \"text\";\n")).isFalse();
        assertThat(messages.toString()).contains("a.jsh:5: incompatible types");
    }

    @Test
    void exceptionHasFileAndLineAndStopsTheFile() throws IOException {
        System.clearProperty("notebook");
        assertThat(run("int x = 1;\nthrow new IllegalStateException(\"no\");\nSystem.setProperty(\"notebook\", \"on\");")).isFalse();
        assertThat(messages.toString()).contains("a.jsh:2: java.lang.IllegalStateException: no");
        assertThat(System.getProperty("notebook")).isNull();
    }

    @Test
    void unfinishedSnippetIsAnError() throws IOException {
        assertThat(run("int x = 1;\nvoid f() {\n")).isFalse();
        assertThat(messages.toString()).contains("a.jsh:");
    }

    @Test
    void nameThatNobodyDefinesIsAnError() throws IOException {
        assertThat(run("int f() { return g(); }")).isFalse();
        assertThat(messages.toString()).contains("unknown: method g()");
    }

    @Test
    void exitEndsTheFileAndOtherCommandsAreRefused() throws IOException {
        assertThat(run("int x = 1;\n/exit\nthrow new Error();")).isTrue();
        assertThat(run("int x = 1;\n/set feedback silent\n")).isFalse();
        assertThat(messages.toString()).contains("a.jsh:2: '/set feedback silent'");
    }

    @Test
    void everythingIsImportedAndTheScopeOpen() throws IOException {
        assertThat(run("""
            if (Startup.class == null) throw new Error();
            """)).as("a package that is not imported").isFalse();
        assertThat(run("""
            if (!scope.toString().equals("TensorScope(session, 0 tensors, 0 bytes)")) throw new Error(scope.toString());
            List<Class<?>> all = List.of(Tensor.class, SafeTensors.class, Weights.class, FuseDiT.class, LanguageModel.class,
                    SubwordTokenizer.class, FlowMatching.class, AutoencoderKL.class, ClipTextModel.class, ImageRequest.class, Recipe.class,
                    SamplingModel.class, dev.fusedit.trainer.compare.Comparison.class, Blocks.class, LinePlot.class, Show.class, Train.class);
            """)).as(messages.toString()).isTrue();
    }

    @Test
    void expressionWithoutSemicolonPrintsItsValue() throws IOException {
        var before = System.out;
        var printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true));
        try {
            assertThat(run("int x = 3;\nx\nx + 1;\n\"text\"\nx = 5\nnew long[] {2, x}\n")).as(messages.toString()).isTrue();
        } finally {
            System.setOut(before);
        }
        assertThat(printed.toString().lines()).containsExactly("3", "\"text\"", "long[2] { 2, 5 }");
    }

    /// Nothing prints as an address or as pages of numbers.
    @Test
    void modelsPrintInWords() throws IOException {
        assertThat(run("""
            var text = LanguageModelConfig.gemma(50, 32, 64, 2, 4, 1, 16);
            var image = DiTConfig.beside(text, new ImagePositions.Rope2d(), new TimeConditioning.AdaLnZero()).layers(2).channels(3).build();
            var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32);
            var model = FuseDiT.of(new FuseDiTConfig(text, image, new Fusion.JointSelfAttention(), 0, new SharedLayers.All()), weights);
            var prompt = Prompt.of(new long[] {2, 7, 9}, new long[] {2});
            void require(Object o, String text) { if (!o.toString().startsWith(text)) throw new Error(o + " does not begin with " + text); }
            require(model, "FuseDiT[FuseDiTConfig[");
            require(model.llm(), "LanguageModel[LanguageModelConfig[");
            require(weights.in("dit"), "Weights(dit, ");
            require(prompt, "Prompt[[2, 7, 9], [2]]");
            require(new PngImage(1, 1, new byte[3]), "PngImage(1 x 1)");
            weights.close();
            require(weights, "Weights(closed)");
            """)).as(messages.toString()).isTrue();
    }
}
