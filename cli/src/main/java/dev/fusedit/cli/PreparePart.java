package dev.fusedit.cli;

import dev.fusedit.trainer.data.prepare.PartScheduler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/// A part of `data prepare` on another machine: the command as a person gave it, with `--part`.
///
/// @param arguments of the command
/// @param folder that relative paths begin at
record PreparePart(List<String> arguments, String folder) implements PartScheduler.PartJob {
    private static final long serialVersionUID = 1;
    private static final String CONTACT = "--contact";
    /// What is said once, by who asks for all parts.
    private static final Set<String> OF_THE_WHOLE = Set.of("--spark", "--json", CONTACT);

    /// @param contact may be from a variable of this machine
    static PreparePart of(ParseResult given, String contact) {
        var arguments = new ArrayList<String>();
        given.matchedPositionals().forEach(set -> arguments.addAll(set.originalStringValues()));
        for (var option : given.matchedOptions()) {
            if (option.inherited() || OF_THE_WHOLE.contains(option.longestName())) continue;
            if (option.originalStringValues().isEmpty()) arguments.add(option.longestName());
            for (var value : option.originalStringValues()) arguments.add(option.longestName() + (value.isEmpty() ? "" : "=" + value));
        }
        if (!contact.isEmpty()) arguments.add(CONTACT + "=" + contact);
        return new PreparePart(List.copyOf(arguments), Path.of("").toAbsolutePath().toString());
    }

    @Override
    public int make(String part) throws InterruptedException {
        Locale.setDefault(Locale.ROOT); // as `Main` has it: what is written has the same numbers on every machine
        var command = new DataPrepareCommand();
        var all = new ArrayList<>(arguments);
        all.addAll(List.of("--part", part));
        new CommandLine(command).parseArgs(all.toArray(String[]::new));
        return command.makePart(Path.of(folder));
    }
}
