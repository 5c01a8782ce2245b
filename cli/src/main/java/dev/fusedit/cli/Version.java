package dev.fusedit.cli;

import java.io.IOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/// `fusedit 0.1.0-SNAPSHOT`: the number is Maven's.
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException { return new String[] {"fusedit " + number()}; }

    static String number() throws IOException {
        try (var in = Version.class.getResourceAsStream("version.properties")) {
            var properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        }
    }
}
