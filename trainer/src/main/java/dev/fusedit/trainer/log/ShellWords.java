package dev.fusedit.trainer.log;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Commands that are printed for a person to paste: each word as a shell reads it back, whatever is in it.
public final class ShellWords {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./=:,+@%-]+");
    /// From this program's own folder.
    private static final String HERE = "./fusedit";
    /// How this program was started; the launcher tells.
    private static final String LAUNCHER = System.getenv().getOrDefault("FUSEDIT_COMMAND", HERE);

    /// How `launch` started this process; empty for one that it did not.
    private static final String LAUNCHED = System.getenv().getOrDefault("FUSEDIT_LAUNCH", "");

    private ShellWords() {}

    /// In single quotes, unless it means the same without.
    public static String quoted(String word) { return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'"; }

    public static String joined(List<String> words) { return words.stream().map(ShellWords::quoted).collect(Collectors.joining(" ")); }

    /// A command of this program.
    public static String fusedit(List<String> words) { return quoted(LAUNCHER) + " " + LAUNCHED + joined(words); }

    /// A command of this program as others read it, wherever this process was started from and by what.
    public static String published(List<String> words) { return HERE + " " + joined(words); }
}
