package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.CommandSpec;

/// Pages that are made of the program are as it is now. With `-Dfusedit.test.args=-Dfusedit.docs.write=true` they are written anew.
class ReferenceTest {
    @Test
    void commandsAreAsThePageSays() throws IOException { require("commands.md", CommandReference.markdown()); }

    @Test
    void recipesAreAsThePageSays() throws IOException { require("recipe-reference.md", RecipeReference.markdown()); }

    private static void require(String page, String made) throws IOException {
        var file = Path.of("..", "docs", page);
        if (Boolean.getBoolean("fusedit.docs.write")) Files.writeString(file, made);
        assertThat(file).as("stale: mvn test -pl cli -am -Dtest=ReferenceTest -Dsurefire.failIfNoSpecifiedTests=false "
                + "-Dfusedit.test.args=-Dfusedit.docs.write=true").hasContent(made);
    }

    @Test
    void everyCommandHasAnExampleThatCanBeParsed() {
        assertThat(leaves(new Fusedit().commandLine().getCommandSpec())).hasSizeGreaterThan(20).allSatisfy(command -> {
            var example = Examples.of(Examples.path(command));
            assertThat(example).as(Examples.path(command)).isPresent();
            assertThat(DocumentedCommand.problem(example.orElseThrow(), true)).as(example.orElseThrow()).isEmpty();
        });
    }

    private static Stream<CommandSpec> leaves(CommandSpec command) {
        var below = command.subcommands().values().stream().flatMap(each -> leaves(each.getCommandSpec()));
        return command.subcommands().isEmpty() ? Stream.of(command) : below;
    }
}
