package dev.fusedit.cli;

import dev.fusedit.fusion.parity.ParityReport;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.trainer.parity.WholeParity;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "parity", description = {
    "Compares this build's numbers with golden ones.",
    "Exits with 1 if any is beyond its tolerance or a case was not compared, with 2 if only files are missing or broken."})
final class ParityCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "DIR", description = "A case, or a folder searched down for cases.")
    private List<Path> folders;

    @Option(names = "--tokenizer", paramLabel = "NAME=FILE",
            description = "A tokenizer's file or folder for the case NAME; repeatable. Cases of tokenizers without a file are skipped.")
    private Map<String, Path> tokenizers = Map.of();

    @Mixin
    private ComputeOption compute;

    @Option(names = "--json", description = "Print the result as JSON.")
    private boolean json;

    @Override
    public Integer call() {
        Libtorch.load();
        var report = WholeParity.run(folders, tokenizers, compute.device());
        var out = spec.commandLine().getOut();
        if (json) {
            out.println(report.json().toPrettyString());
        } else {
            report.cases().forEach(result -> out.println(line(result)));
            out.println(summary(report));
        }
        return report.passed() ? ExitCode.OK : report.isBadInput() ? ExitCode.BAD_INPUT : ExitCode.CHECK_FAILED;
    }

    private static String line(CaseResult result) {
        if (result.skipped() != null) {
            return "%-24s skipped: %s".formatted(result.name(), result.skipped());
        }
        var worst = result.worst() == null ? "nothing compared"
                : "worst %.2g of %.2g at %s".formatted(result.worst().error(), result.worst().tolerance(), result.worst().tensor());
        var missed = result.unchecked().isEmpty() ? "" : ", not compared: " + String.join(", ", result.unchecked());
        var others = result.beyond().size() < 2 ? "" : ", beyond their tolerances: " + String.join(", ", result.beyond());
        return "%-24s %s, %d tensors, %s%s%s".formatted(result.name(), result.passed() ? "passed" : "FAILED", result.checked(), worst,
                others,
                missed);
    }

    private static String summary(ParityReport report) {
        return "%d of %d cases passed".formatted(report.cases().stream().filter(CaseResult::passed).count(), report.cases().size());
    }
}
