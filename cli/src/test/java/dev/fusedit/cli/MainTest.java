package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.flow.Solver;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) { return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true)); }

    @Test
    void versionIsMavens() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString()).matches("fusedit \\d+\\.\\d+\\.\\d+\\S*\\R");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void helpNamesEveryCommand() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString().lines().filter(line -> line.matches(" {1,4}\\S.*")) // no second lines
                .map(line -> line.strip().split(" ", 2)).filter(words -> words.length == 2))
                .as("each with the first sentence of its help, whole")
                .filteredOn(words -> Fusedit.COMMANDS.stream().anyMatch(command -> Fusedit.name(command).equals(words[0])))
                .hasSameSizeAs(Fusedit.COMMANDS).allSatisfy(words -> assertThat(words[1].strip()).as(words[0]).isNotEmpty());
        assertThat(out.toString()).contains("--libtorch", "Compares this build's numbers with golden ones.");
    }

    @Test
    void everyCommandHasHelp() {
        var commands = new Fusedit().commandLine().getSubcommands().keySet();
        assertThat(commands).isNotEmpty().allSatisfy(command -> assertThat(run(command, "--help")).as(command).isZero());
        assertThat(err.toString()).isEmpty();
    }

    /// A list of commands shows the first piece of each description alone.
    @Test
    void everyCommandIsToldInOneSentence() {
        assertThat(all(new Fusedit().commandLine()).filter(command -> command.getParent() != null)).hasSizeGreaterThan(20)
                .allSatisfy(command -> assertThat(command.getCommandSpec().usageMessage().description()[0]).as(command.getCommandName())
                        .matches("[A-Z].*\\."));
    }

    private static Stream<CommandLine> all(CommandLine command) {
        return Stream.concat(Stream.of(command), command.getSubcommands().values().stream().flatMap(MainTest::all));
    }

    @Test
    void numbersAreTheSameInEveryLocale() {
        var before = Locale.getDefault(Locale.Category.FORMAT);
        try {
            Locale.setDefault(Locale.Category.FORMAT, Locale.of("ar", "EG"));
            assertThat("%d".formatted(1)).as("a locale with digits of its own").isEqualTo("\u0661");
            assertThat(run("plan", "tests/minimal")).isZero();
            assertThat(out.toString()).containsPattern("[0-9],[0-9]{3}").doesNotContainPattern("[\\p{Nd}&&[^0-9]]");
        } finally {
            Locale.setDefault(Locale.Category.FORMAT, before);
        }
    }

    @Test
    void noCommandIsBadUsage() {
        assertThat(run()).isEqualTo(2);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).contains("Usage: fusedit");
    }

    @Test
    void misspeltCommandIsCorrected() {
        assertThat(run("docter")).isEqualTo(2);
        assertThat(err.toString()).isEqualToNormalizingNewlines("Unknown command 'docter'. Did you mean 'doctor'?\nSee: fusedit --help\n");
    }

    /// In one wording, the near ones alone; what is missing beside a misspelt option may be what is misspelt.
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
        tarin                                      | Unknown command 'tarin'. Did you mean 'train'?
        zzz                                        | Unknown command 'zzz'.
        data adit                                  | Unknown command 'adit'. Did you mean 'audit'?
        help tarin                                 | Unknown command 'tarin'. Did you mean 'train'?
        help data adit                             | Unknown command 'adit'. Did you mean 'audit'?
        sample --modle x                           | Unknown option '--modle'. Did you mean '--model'?
        sample --modle=x --otu=y                   | Unknown option '--modle'. Did you mean '--model'?\\nUnknown option '--otu'. Did you mean '--out'?
        sample --model x --prompt a --out y --sed 3 | Unknown option '--sed'. Did you mean '--seed'?
        sample --prompt --model                    | Expected parameter for option '--prompt' but found '--model'
        serve --modle x                            | Unknown option '--modle'. Did you mean '--model'?
        export --model x --uot y                   | Unknown option '--uot'. Did you mean '--out'?
        eval --modl=x                              | Unknown option '--modl'. Did you mean '--model'?
        launch --nprok 2 -- train x --modle y      | Unknown option '--nprok'. Did you mean '--nproc'?
        export --out --x y                         | Missing required option: '--model=DIR'
        sample --model x                           | Missing required option: '--out=PATH'
        doctor --zzz                               | Unknown option '--zzz'.
        eval --self-check -x                       | Unknown option '-x'.
        sample --solver eulr --model x --prompt a --out y | Invalid value for option '--solver': 'eulr' is none of euler, euler-stochastic, heun, dpmpp-2m. Did you mean 'euler'?
        eval --model x --sets sen                  | Invalid value for option '--sets' (SET): 'sen' is none of seen, heldout, paraphrase. Did you mean 'seen'?
        bench train-s --dtype f16                  | Invalid value for option '--dtype': 'f16' is none of f32, bf16. Did you mean 'bf16'?
        """)
    void whatIsMisspeltIsNamedWithWhatIsNear(String words, String said) {
        assertThat(run(words.split(" "))).isEqualTo(2);
        assertThat(err.toString().replaceFirst("See: fusedit.* --help\\R$", "").strip()).as(words).isEqualTo(said.replace("\\n", "\n"));
    }

    /// Words of options are those of recipes, in capitals or not.
    @Test
    void wordsOfOptionsAreSmall() {
        assertThat(all(new Fusedit().commandLine()).flatMap(command -> command.getCommandSpec().args().stream())
                .filter(argument -> Stream.of(argument.auxiliaryTypes()).anyMatch(Class::isEnum))).hasSizeGreaterThan(8)
                .allSatisfy(argument -> {
                    assertThat(argument.completionCandidates()).as(argument.toString()).allMatch(word -> word.matches("[a-z0-9-]+"));
                    assertThat(argument.defaultValue() == null ? "" : argument.defaultValue()).as(argument.toString())
                            .matches("[a-z0-9-]*");
                });
        assertThat(new EnumWords(Solver.class).convert("Euler_Stochastic")).isEqualTo(Solver.EULER_STOCHASTIC);
        assertThat(new EnumWords(Solver.class).convert("dpmpp-2m")).isEqualTo(Solver.DPMPP_2M);
    }

    /// `--steps=N`, not the name of a field.
    @Test
    void everyValueHasALabel() {
        assertThat(all(new Fusedit().commandLine()).flatMap(command -> command.getCommandSpec().args().stream())
                .filter(argument -> argument.arity().max() > 0)).hasSizeGreaterThan(100)
                .allSatisfy(argument -> assertThat(argument.paramLabel()).as(argument.toString()).doesNotContain("<"));
    }

    @Test
    void helpExplainsACommand() {
        assertThat(run("help", "data", "cache")).isZero();
        var helped = out.toString();
        out.getBuffer().setLength(0);
        assertThat(run("data", "cache", "--help")).isZero();
        assertThat(helped).isEqualTo(out.toString()).startsWith("Usage: fusedit data cache ");
        out.getBuffer().setLength(0);
        assertThat(run("help")).isZero();
        assertThat(out.toString()).contains("Usage: fusedit ", "Everyday commands:", "Other commands:");
        assertThat(err.toString()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"eval --model no/run --prompts 3, --prompts-per-kind", "eval --prompts=3 --model no/run, --prompts-per-kind",
        "--quiet sample --model no/run --out x.png --prompts ../README.md, --prompt-file",
        "compare no/run --html x.html --prompts ../README.md, --prompt-file", "eval --self-check --pictures 1, --images-per-kind"})
    void namesOfBeforeGoOnWorking(String words, String now) {
        run(words.split(" "));
        assertThat(err.toString()).as(words).doesNotContain("Unknown", "Missing", "See: ");
        out.getBuffer().setLength(0);
        run("help", words.replace("--quiet ", "").split(" ")[0]);
        assertThat(out.toString()).contains(now + "=").doesNotContain("--prompts=", "--pictures");
    }

    /// Asked for, colours come into help; whoever wants none has none.
    @Test
    void noColorIsHeeded() throws Exception {
        assertThat(help(Map.of("CLICOLOR_FORCE", "1"))).contains("\u001b[", "Usage: ");
        assertThat(help(Map.of("CLICOLOR_FORCE", "1", "NO_COLOR", "1"))).doesNotContain("\u001b").contains("Usage: ");
    }

    private static String help(Map<String, String> environment) throws Exception {
        var builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Main.class.getName(), "--help").redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().remove("NO_COLOR");
        builder.environment().putAll(environment);
        var process = builder.start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return said;
    }

    /// Of what a command is given; in a folder of its own, `NearFilesTest`.
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        sample --prompt a --out x.png --model ../examples/models/blcoks | ../examples/models/blcoks: no such folder. Did you mean ../examples/models/blocks?
        info ../examples/models/bloks          | ../examples/models/bloks: no such file. Did you mean ../examples/models/blocks?
        plan ../recipes/quikstart.yaml         | recipe ../recipes/quikstart.yaml: no such file. Did you mean ../recipes/quickstart.yaml?
        plan quikstart.yaml                    | recipe quikstart.yaml: no such file. Did you mean 'quickstart'?
        plan zzzz.yaml                         | recipe zzzz.yaml: no such file. ./fusedit recipe list tells the recipes with names
        study ../recipes/studies/fusoin.yaml   | study ../recipes/studies/fusoin.yaml: no such file. Did you mean ../recipes/studies/fusion.yaml?
        compare ../examples/models/blcoks      | run ../examples/models/blcoks: no such folder. Did you mean ../examples/models/blocks?
        data audit ../exampels/models          | ../exampels/models: no such file or folder. Did you mean ../examples/models?
        """)
    void nearFilesAreTold(String words, String said) {
        assertThat(run(words.split(" "))).isEqualTo(2);
        assertThat(err.toString().strip()).isEqualTo(said);
    }

    @Test
    void unknownOptionNamesItselfAndTheHelp() {
        assertThat(run("shell", "--nope")).isEqualTo(2);
        assertThat(err.toString()).contains("--nope", "See: fusedit shell --help");
    }

    @Test
    void missingFileIsBadInput() {
        assertThat(run("shell", "no/such/file.jsh")).isEqualTo(2);
        assertThat(err.toString()).isEqualToNormalizingNewlines("no/such/file.jsh: no such file\n");
    }

    @Test
    void debugShowsTheStackTrace() {
        assertThat(run("--debug", "shell", "no/such/file.jsh")).isEqualTo(2);
        assertThat(err.toString()).contains("no/such/file.jsh: no such file", "\tat dev.fusedit.cli.notebook.Notebook");
    }
}
