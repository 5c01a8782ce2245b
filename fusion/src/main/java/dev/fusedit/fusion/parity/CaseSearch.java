package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.NearFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Finds cases: the folders that a suite recognises, and those that hold files as only a case has them. No such folder is passed over in
/// silence: one that lost a file would else count as passed.
///
/// @param device where cases are computed
record CaseSearch(List<Suite> suites, Device device) {
    /// A case, and what compares it.
    record Found(Case here, Suite suite) {
        List<CaseResult> compare() { return suite.compare().apply(here); }
    }

    /// @throws UserError if there is no such folder, or no case in it
    List<Found> in(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new UserError("%s: no such folder%s".formatted(folder, NearFiles.hint(folder)));
        }
        var found = isEmpty(new Case(folder, device)) ? List.<Found>of() : find(folder).toList();
        if (found.isEmpty()) {
            throw new UserError("no case found in %s: a case is a folder with a config.json or expected numbers".formatted(folder));
        }
        return found;
    }

    private Stream<Found> find(Path folder) {
        var here = new Case(folder, device);
        try {
            var suite = suites.stream().filter(known -> known.recognises().test(here)).findFirst();
            return suite.isPresent() ? Stream.of(new Found(here, suite.get()))
                    : holdsFilesOfACase(here) ? Stream.of(new Found(here, Suite.of(_ -> true, CaseSearch::unknown)))
                    : isEmpty(here) ? lost(here, "%s: is empty".formatted(folder))
                    : here.list().filter(Files::isDirectory).flatMap(this::find);
        } catch (UserError e) {
            return lost(here, e.getMessage());
        }
    }

    private static boolean isEmpty(Case here) { return here.list().findAny().isEmpty(); }

    private static Stream<Found> lost(Case here, String reason) {
        return Stream.of(new Found(here, Suite.of(_ -> true, _ -> CaseResult.unreadable(here.name(), reason))));
    }

    private static boolean holdsFilesOfACase(Case here) {
        return !PipelineCase.isAutoencoderBeside(here)
                && (here.has("config.json") || here.has("expected.json") || here.has("lr.json") || here.hasTensors());
    }

    private static CaseResult unknown(Case here) {
        if (!here.has("config.json") && !here.has("expected.json")) {
            return CaseResult.unreadable(here.name(), "%s: there is no config.json that tells what this case is".formatted(here.folder()));
        }
        if (!here.has("io.safetensors") && !here.has("expected.safetensors") && !here.has("expected.json")) {
            return CaseResult.unreadable(here.name(), "%s: there are no expected numbers (io.safetensors or expected.safetensors)"
                    .formatted(here.folder()));
        }
        return CaseResult.skipped(here.name(), "not compared yet: there is nothing here that knows such a folder");
    }
}
