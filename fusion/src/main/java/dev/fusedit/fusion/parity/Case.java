package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// A folder with inputs and expected numbers.
public record Case(Path folder) {
    public String name() { return folder.toAbsolutePath().normalize().getFileName().toString(); }

    public Path file(String name) { return folder.resolve(name); }

    public boolean has(String name) { return Files.isRegularFile(file(name)); }

    /// True if there is any file of tensors.
    boolean hasTensors() {
        return list().anyMatch(file -> file.getFileName().toString().endsWith(".safetensors") && Files.isRegularFile(file));
    }

    /// True if there is no folder in it.
    boolean isLeaf() { return list().noneMatch(Files::isDirectory); }

    /// What is in the folder, by name.
    Stream<Path> list() {
        try (var files = Files.list(folder)) {
            return files.sorted().toList().stream();
        } catch (IOException e) {
            throw new UserError("%s: cannot be listed (%s)".formatted(folder, e.getMessage()), e);
        }
    }

    /// True if the configuration has such a field; false without one.
    public boolean configHas(String field) { return has("config.json") && json("config.json").has(field); }

    /// @throws UserError as [JsonFile#read]
    public JsonNode json(String name) { return JsonFile.read(file(name), "Copy the case's folder anew"); }
}
