package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Compares our numbers with golden ones.
public final class Parity {
    /// The first one that recognises a folder compares it.
    private static final List<Suite> MODELS = List.of(
            new Suite(TransformerCase::is, TransformerCase::run),
            new Suite(TablesCase::is, TablesCase::run),
            new Suite(CheckpointsCase::is, CheckpointsCase::run),
            new Suite(SchedulerCase::is, SchedulerCase::run),
            new Suite(AutoencoderCase::is, AutoencoderCase::run),
            new Suite(ClipTextCase::is, ClipTextCase::run),
            new Suite(PipelineCase::is, PipelineCase::run),
            new Suite(DinoCase::is, DinoCase::run),
            new Suite(LlmCase::is, LlmCase::run)); // any other language model
    private static final Suite OTHER = new Suite(Parity::isOfAnotherKind,
            here -> CaseResult.skipped(here.name(), "not compared yet: there is nothing here that knows such a folder"));

    private Parity() {}

    /// Runs every case in the folders, each of which is a case or is searched down for cases.
    ///
    /// A case whose files are broken, or whose configuration is of a kind that we do not have, is skipped with that reason: it has not
    /// passed, but the others are still run.
    ///
    /// @throws UserError if there is no case
    public static ParityReport run(List<Path> folders) { return run(folders, List.of()); }

    /// @param more what else is compared, beyond models
    public static ParityReport run(List<Path> folders, List<Suite> more) { return run(folders, more, Map.of()); }

    /// @param tokenizers files of tokenizers, by the names that their cases have
    public static ParityReport run(List<Path> folders, List<Suite> more, Map<String, Path> tokenizers) {
        var suites = Stream.concat(MODELS.stream(), more.stream()).toList();
        var cases = new ArrayList<Case>();
        folders.forEach(folder -> find(folder, suites, cases));
        if (cases.isEmpty()) {
            throw new UserError("no case found in %s: a case is a folder with a config.json or expected numbers".formatted(folders));
        }
        var results = cases.stream().flatMap(here -> Tokenizers.is(here) ? new Tokenizers(here, tokenizers).run().stream()
                : Stream.of(check(here, suites))).toList();
        return new ParityReport(results.stream().allMatch(CaseResult::passed), results);
    }

    private static void find(Path folder, List<Suite> suites, List<Case> found) {
        if (!Files.isDirectory(folder)) {
            throw new UserError("%s: no such folder".formatted(folder));
        }
        var here = new Case(folder);
        if (suite(here, suites).isPresent() || Tokenizers.is(here) || isOfAnotherKind(here)) {
            found.add(here);
            return;
        }
        try (var children = Files.list(folder)) {
            children.filter(Files::isDirectory).sorted().forEach(child -> find(child, suites, found));
        } catch (IOException e) {
            throw new UserError("%s: cannot be listed (%s)".formatted(folder, e.getMessage()), e);
        }
    }

    private static Optional<Suite> suite(Case here, List<Suite> suites) {
        return suites.stream().filter(suite -> suite.recognises().test(here)).findFirst();
    }

    private static boolean isOfAnotherKind(Case here) {
        return here.has("expected.safetensors") || here.has("expected.json") || here.has("io.safetensors") || here.has("lr.json");
    }

    private static CaseResult check(Case here, List<Suite> suites) {
        try (var _ = TensorScope.open()) {
            return suite(here, suites).orElse(OTHER).compare().apply(here);
        } catch (UserError e) {
            return CaseResult.skipped(here.name(), e.getMessage());
        }
    }
}
