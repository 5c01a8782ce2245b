package dev.fusedit.fusion.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A folder with inputs and expected numbers.
public record Case(Path folder) {
    private static final JsonMapper JSON = new JsonMapper();

    public String name() { return folder.toAbsolutePath().normalize().getFileName().toString(); }

    public Path file(String name) { return folder.resolve(name); }

    public boolean has(String name) { return Files.isRegularFile(file(name)); }

    public JsonNode json(String name) {
        try {
            return JSON.readTree(file(name).toFile());
        } catch (IOException e) {
            throw new UserError("%s: cannot be read as JSON (%s)".formatted(file(name), e.getMessage()), e);
        }
    }
}
