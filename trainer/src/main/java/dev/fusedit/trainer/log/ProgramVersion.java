package dev.fusedit.trainer.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;

/// `0.1.0`: the number is Maven's.
public final class ProgramVersion {
    private static final String NUMBER = read();

    private ProgramVersion() {}

    public static String number() { return NUMBER; }

    private static String read() {
        try (var in = ProgramVersion.class.getResourceAsStream("version.properties")) {
            var properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
