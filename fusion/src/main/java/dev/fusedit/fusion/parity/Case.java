package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// A folder with inputs and expected numbers.
///
/// @param device where models and their inputs lie; what is expected stays on the CPU
public record Case(Path folder, Device device) {
    public String name() { return folder.toAbsolutePath().normalize().getFileName().toString(); }

    /// What models are loaded in: f32, on the case's device.
    DTypePolicy policy() { return DTypePolicy.F32.on(device); }

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
