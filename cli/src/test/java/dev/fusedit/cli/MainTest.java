package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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
        assertThat(err.toString()).contains("'docter'", "Did you mean: fusedit doctor").doesNotContain("\tat ");
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
