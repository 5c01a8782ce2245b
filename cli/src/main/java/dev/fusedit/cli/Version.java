package dev.fusedit.cli;

import dev.fusedit.trainer.log.ProgramVersion;
import picocli.CommandLine.IVersionProvider;

/// `fusedit 0.1.0`
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() { return new String[] {"fusedit " + ProgramVersion.number()}; }
}
