package dev.fusedit.fusion.parity;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;

/// The building blocks alone.
final class TablesCase {
    private TablesCase() {}

    static CaseResult run(Case files) { return CaseResult.skipped(files.name(), "not compared yet: only transformers are"); }
}
