package dev.fusedit.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.trainer.eval.blocks.selfcheck.SelfCheck;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(name = "eval", description = "Measures how well pictures follow their captions.")
final class EvalCommand implements Callable<Integer> {
    private enum Suite {
        BLOCKS
    }

    @Spec
    private CommandSpec spec;

    @Option(names = "--suite", defaultValue = "BLOCKS", paramLabel = "SUITE", description = "What to measure by: ${COMPLETION-CANDIDATES}.")
    private Suite suite;

    @Option(names = "--self-check", required = true,
            description = "Try the suite's checker on drawn pictures whose captions are known to be true or false.")
    private boolean selfCheck;

    @Option(names = "--pictures", defaultValue = "10000", paramLabel = "N",
            description = "How many of each kind (default: ${DEFAULT-VALUE}).")
    private int pictures;

    @Option(names = "--json", description = "The same for programs.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        if (pictures < 1) throw new ParameterException(spec.commandLine(), "--pictures must be at least 1, not " + pictures);
        var check = switch (suite) {
            case BLOCKS -> SelfCheck.run(pictures);
        };
        spec.commandLine().getOut().println(json ? new ObjectMapper().writeValueAsString(check.toJson()) : check);
        return check.passed() ? ExitCode.OK : ExitCode.CHECK_FAILED;
    }
}
