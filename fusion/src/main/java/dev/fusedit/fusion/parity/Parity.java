package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Compares our numbers with golden ones.
public final class Parity {
    private Parity() {}

    /// Runs every case in the folders, each of which is a case or is searched down for cases.
    ///
    /// A case whose files are broken, or whose configuration is of a kind that we do not have, is skipped with that reason: it has not
    /// passed, but the others are still run.
    ///
    /// @throws UserError if there is no case
    public static ParityReport run(List<Path> folders) {
        var cases = new ArrayList<Case>();
        folders.forEach(folder -> find(folder, cases));
        if (cases.isEmpty()) {
            throw new UserError("no case found in %s: a case is a folder with a config.json or expected numbers".formatted(folders));
        }
        var results = cases.stream().map(Parity::check).toList();
        return new ParityReport(results.stream().allMatch(CaseResult::passed), results);
    }

    private static void find(Path folder, List<Case> found) {
        if (!Files.isDirectory(folder)) {
            throw new UserError("%s: no such folder".formatted(folder));
        }
        var here = new Case(folder);
        if (kind(here) != null) {
            found.add(here);
            return;
        }
        try (var children = Files.list(folder)) {
            children.filter(Files::isDirectory).sorted().forEach(child -> find(child, found));
        } catch (IOException e) {
            throw new UserError("%s: cannot be listed (%s)".formatted(folder, e.getMessage()), e);
        }
    }

    private enum Kind { TRANSFORMER, TABLES, CHECKPOINTS, SCHEDULER, LLM, OTHER }

    private static @org.jspecify.annotations.Nullable Kind kind(Case here) {
        if (here.has("config.json") && here.has("expected.safetensors") && here.json("config.json").has("reference")) {
            return Kind.TRANSFORMER;
        }
        if (here.name().equals("tables") && here.has("expected.safetensors")) {
            return Kind.TABLES;
        }
        if (CheckpointsCase.is(here)) {
            return Kind.CHECKPOINTS;
        }
        if (SchedulerCase.is(here)) {
            return Kind.SCHEDULER;
        }
        if (LlmCase.is(here)) {
            return Kind.LLM;
        }
        var numbers = here.has("expected.safetensors") || here.has("expected.json") || here.has("io.safetensors") || here.has("lr.json")
                || here.has("gemma.json");
        return numbers ? Kind.OTHER : null;
    }

    private static CaseResult check(Case here) {
        try (var _ = TensorScope.open()) {
            return switch (java.util.Objects.requireNonNull(kind(here))) {
                case TRANSFORMER -> TransformerCase.run(here);
                case TABLES -> TablesCase.run(here);
                case CHECKPOINTS -> CheckpointsCase.run(here);
                case SCHEDULER -> SchedulerCase.run(here);
                case LLM -> LlmCase.run(here);
                case OTHER -> CaseResult.skipped(here.name(),
                        "not compared yet: only transformers, their tables, the scheduler, checkpoints and language models are");
            };
        } catch (UserError e) {
            return CaseResult.skipped(here.name(), e.getMessage());
        }
    }
}
