package dev.fusedit.torch.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// A small text file that the kernel writes, or that is not there.
record SystemFile(Path path) {
    /// All of it; none if the file is missing, closed to this process, or refuses to be read.
    List<String> lines() {
        try {
            return new String(Files.readAllBytes(path), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /// Its first line, without spaces around it.
    Optional<String> text() { return lines().stream().findFirst().map(String::strip); }

    /// Its only number; none for `max` and `-1`, or where it has more digits than a long.
    OptionalLong number() { return text().map(SystemFile::number).orElse(OptionalLong.empty()); }

    /// Of the first line `name: value`, `name\t: value` or `name value`.
    Optional<String> value(String name) {
        return lines().stream().filter(line -> line.startsWith(name)).map(line -> line.substring(name.length()))
                .filter(rest -> rest.matches("[\\s:].*")).findFirst().map(rest -> rest.strip().replaceFirst("^:", "").strip());
    }

    /// Of a line `name value`, or `name: value kB` in bytes.
    OptionalLong amount(String name) {
        var value = value(name).orElse("");
        return value.endsWith(" kB") ? times(number(value.substring(0, value.length() - 3)), 1024) : number(value);
    }

    private static OptionalLong times(OptionalLong number, long factor) {
        return number.isPresent() ? OptionalLong.of(number.getAsLong() * factor) : number;
    }

    static OptionalLong number(String text) {
        var digits = text.strip();
        return digits.matches("\\d{1,18}") ? OptionalLong.of(Long.parseLong(digits)) : OptionalLong.empty();
    }
}
