package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.CaseSearch.Found;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Compares our numbers with golden ones.
public final class Parity {
    /// The first one that recognises a folder compares it.
    private static final List<Suite> MODELS = List.of(
            Suite.of(TransformerCase::is, TransformerCase::run),
            Suite.of(TablesCase::is, TablesCase::run),
            Suite.of(CheckpointsCase::is, CheckpointsCase::run),
            Suite.of(SchedulerCase::is, SchedulerCase::run),
            Suite.of(AutoencoderCase::is, AutoencoderCase::run),
            Suite.of(ClipTextCase::is, ClipTextCase::run),
            Suite.of(ClipVisionCase::is, ClipVisionCase::run),
            Suite.of(PipelineCase::is, PipelineCase::run),
            Suite.of(DinoCase::is, DinoCase::run),
            Suite.of(LlmCase::is, LlmCase::run)); // any other language model

    private Parity() {}

    /// Runs every case in the folders, each of which is a case or is searched down for cases.
    ///
    /// A case whose files are broken, or whose configuration is of a kind that we do not have, is skipped with that reason: it has not
    /// passed, but the others are still run.
    ///
    /// @throws UserError if there is no case in one of them
    public static ParityReport run(List<Path> folders) { return run(folders, List.of()); }

    /// @param more what else is compared, beyond models
    public static ParityReport run(List<Path> folders, List<Suite> more) { return run(folders, more, Map.of()); }

    /// @param tokenizers files of tokenizers, by the names that their cases have
    public static ParityReport run(List<Path> folders, List<Suite> more, Map<String, Path> tokenizers) {
        var ids = new Suite(Tokenizers::is, here -> new Tokenizers(here, tokenizers).run());
        var search = new CaseSearch(Stream.of(MODELS, more, List.of(ids)).flatMap(List::stream).toList());
        var cases = folders.stream().flatMap(folder -> search.in(folder).stream()).toList();
        return new ParityReport(cases.stream().flatMap(found -> check(found).stream()).toList());
    }

    private static List<CaseResult> check(Found found) {
        try (var _ = TensorScope.open()) {
            return found.compare();
        } catch (UserError e) {
            return List.of(CaseResult.unreadable(found.here().name(), e.getMessage()));
        } catch (RuntimeException e) {
            return List.of(CaseResult.skipped(found.here().name(), "cannot be computed: %s: %s".formatted(e.getClass().getSimpleName(),
                    e.getMessage())));
        }
    }
}
