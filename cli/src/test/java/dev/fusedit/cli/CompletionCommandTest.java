package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fusedit.cli.CompletionCommand.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompletionCommandTest {
    @TempDir
    private Path folder;

    /// What bash offers, asked as its line editor asks.
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        tr                 | train
        rec                | recipe
        recipe ch          | check
        data cache --ver   | --verify
        sample --guid      | --guidance,--guidance-interval
        bench --dtype b    | bf16
        plan quick         | quickstart
        completion z       | zsh
        """)
    void bashCompletes(String words, String offered) throws Exception {
        var script = Files.writeString(folder.resolve("script"), CompletionCommand.script(Shell.BASH));
        var ask = """
            source %s
            COMP_WORDS=(fusedit %s)
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _complete_fusedit fusedit "${COMP_WORDS[COMP_CWORD]}"
            printf '%%s\\n' "${COMPREPLY[@]}"
            """.formatted(script, words);
        assertThat(run("bash", "--norc", "-c", ask).lines().map(String::strip)).contains(offered.split(","));
    }

    /// Every command and every option has its line.
    @Test
    void fishKnowsAll() {
        var script = CompletionCommand.script(Shell.FISH);
        assertThat(script).contains("complete -c fusedit -n '__fusedit_at ' -a train -d 'Trains",
                "complete -c fusedit -n '__fusedit_at data cache' -l verify", "-n '__fusedit_at bench' -l dtype -x -a 'f32 bf16'",
                "-n '__fusedit_at recipe' -a show", "'data cache'", "-n '__fusedit_at sample' -l prompt-file -r -F")
                .doesNotContain("${", "null");
        assertThat(script.lines().filter(line -> line.startsWith("complete"))).hasSizeGreaterThan(150).allMatch(line -> isQuotedWell(line));
    }

    @Test
    void fishTakesIt() throws Exception {
        assumeTrue(Stream.of(System.getenv("PATH").split(":")).anyMatch(place -> Files.isExecutable(Path.of(place, "fish"))),
                "no fish here");
        var script = Files.writeString(folder.resolve("script"), CompletionCommand.script(Shell.FISH));
        assertThat(run("fish", "--no-config", "-c", "source %s; complete -C 'fusedit data cache --ver'".formatted(script)))
                .startsWith("--verify");
    }

    private static boolean isQuotedWell(String line) {
        return line.replace("\\\\", "").replace("\\'", "").chars().filter(c -> c == '\'').count() % 2 == 0;
    }

    private String run(String... command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(List.of(command)).redirectError(folder.resolve("err").toFile()).start();
        var out = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(Files.readString(folder.resolve("err"))).isZero();
        return out;
    }
}
