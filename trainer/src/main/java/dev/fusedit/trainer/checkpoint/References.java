package dev.fusedit.trainer.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TextFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `references.json` of a checkpoint: the files outside of it that it does not stand without. Not there where a run reads none.
///
/// @param files one entry for each key of the recipe
public record References(int version, List<Reference> files) {
    public static final References NONE = new References(List.of());
    private static final int VERSION = 1;
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT)
            .disable(MapperFeature.AUTO_DETECT_IS_GETTERS).build(); // the records' components alone

    public References {
        files = List.copyOf(files);
    }

    public References(List<Reference> files) { this(VERSION, files); }

    /// @param checkpoint its folder
    /// @throws UserError if the file cannot be read
    public static References in(Path checkpoint) {
        var file = checkpoint.resolve(CheckpointFiles.REFERENCES);
        if (!Files.exists(file)) return NONE;
        var read = JsonFile.record(TextFile.read(file, "the references of a checkpoint"), file.toString(), References.class,
                "Take another checkpoint");
        if (read.version != VERSION)
            throw new UserError("%s is of version %d, this program reads version %d".formatted(file, read.version, VERSION));
        return read;
    }

    public boolean isEmpty() { return files.isEmpty(); }

    public @Nullable Reference of(String key) { return files.stream().filter(file -> file.key().equals(key)).findFirst().orElse(null); }

    /// Reads all files whole, so that a changed byte anywhere is found.
    ///
    /// @param checkpoint that refers to them
    /// @return SHA-256 over their names, sizes and sums, not their places
    /// @throws UserError if one is missing or another
    public String sha256(Path checkpoint) {
        for (var file : files) file.requireSame(checkpoint, file.find(checkpoint, null), true);
        var lines = files.stream().flatMap(Reference::lines).collect(Collectors.joining());
        return Hashing.sha256().hashString(lines, StandardCharsets.UTF_8).toString();
    }

    /// With the sums of the whole files, which takes as long as reading them: for the thread that writes checkpoints.
    References withWhole() { return new References(files.stream().map(Reference::withWhole).toList()); }

    Content content() {
        try {
            return Content.of(JSON.writeValueAsString(this) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
