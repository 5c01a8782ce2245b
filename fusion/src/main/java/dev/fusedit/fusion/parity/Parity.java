package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.CaseSearch.Found;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.cuda.Tf32;
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
    public static ParityReport run(List<Path> folders) { return run(folders, List.of(), Map.of(), Device.CPU); }

    /// Tables, schedules, draws of a seed and files are the CPU's matter: they are compared there on every device.
    ///
    /// On a CUDA device TF32 is switched off for the whole process, and stays so: libtorch begins with it on in convolutions, and its 10
    /// bits of mantissa are beyond these tolerances.
    ///
    /// @param more what else is compared, beyond models
    /// @param tokenizers files of tokenizers, by the names that their cases have
    /// @param device where models compute. On the meta device nothing agrees, but every case is computed to its end
    /// @throws dev.fusedit.torch.LibtorchUnavailable if the device cannot be used here
    public static ParityReport run(List<Path> folders, List<Suite> more, Map<String, Path> tokenizers, Device device) {
        prepare(device.available());
        var ids = new Suite(Tokenizers::is, here -> new Tokenizers(here, tokenizers).run());
        var search = new CaseSearch(Stream.of(MODELS, more, List.of(ids)).flatMap(List::stream).toList(), device);
        var cases = folders.stream().flatMap(folder -> search.in(folder).stream()).toList();
        return new ParityReport(device, cases.stream().flatMap(found -> check(found).stream()).toList());
    }

    private static void prepare(Device device) {
        if (device.kind() == Device.Kind.CUDA) {
            Tf32.allowConvolutions(false);
            Tf32.allowMatmuls(false);
        }
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
