package dev.fusedit.fusion.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Path;

/// A model folder's configuration files.
public final class JsonFile {
    private static final JsonMapper JSON = new JsonMapper();

    private JsonFile() {}

    /// @throws UserError naming the file, if it cannot be read or is no JSON
    public static JsonNode read(Path file) {
        try {
            return JSON.readTree(file.toFile());
        } catch (JsonProcessingException e) {
            throw new UserError("%s: not valid JSON: %s".formatted(file, e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new UserError("%s: cannot be read (%s)".formatted(file, e.getMessage()), e);
        }
    }
}
