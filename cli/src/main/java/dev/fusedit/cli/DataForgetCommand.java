package dev.fusedit.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.trainer.data.prepare.Forgetting;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "forget", description = "Takes samples out of a prepared set's shards and tables, and keeps them out.")
final class DataForgetCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "What 'data prepare' made.")
    private Path folder;

    @ArgGroup(multiplicity = "1")
    private Which which;

    static final class Which {
        @Option(names = "--url", required = true, paramLabel = "URL", description = "The image's address, as the metadata have it.")
        private @Nullable String url;

        @Option(names = "--hash", required = true, paramLabel = "HEX",
                description = "SHA-256 of the file as it was fetched, or a perceptual hash.")
        private @Nullable String hash;
    }

    @Option(names = "--json", description = "One object, for programs.")
    private boolean json;

    @Override
    public Integer call() {
        var result = which.url != null ? Forgetting.url(folder, which.url) : Forgetting.hash(folder, String.valueOf(which.hash));
        spec.commandLine().getOut().println(json
                ? JsonNodeFactory.instance.objectNode().put("folder", folder.toString()).put("rows", result.rows()).put("shards", result.shards())
                : "%s: %,d rows in %,d shards are forgotten".formatted(folder, result.rows(), result.shards()));
        return ExitCode.OK;
    }
}
