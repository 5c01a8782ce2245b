package dev.fusedit.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;

/// Quiet by default: warnings and worse, on stderr (`logback.xml`). `--debug` opens the tap.
final class Logs {
    private Logs() {}

    static void setUp(boolean debug) {
        if (debug && LoggerFactory.getLogger("dev.fusedit") instanceof Logger logger) {
            logger.setLevel(Level.DEBUG);
        }
    }
}
