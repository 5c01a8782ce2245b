package dev.fusedit.trainer.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// `manifest.json`: what a checkpoint consists of. A folder with one is whole, and ours.
///
/// While a checkpoint is being written it carries a [#PLAN], the names without sums, by which the left-overs of a killed run are
/// known as ours.
///
/// @param format always [#FORMAT]
/// @param step optimizer steps done, over all stages
record Manifest(String format, int version, long step, List<Entry> files) {
    static final String FORMAT = "fusedit-checkpoint";
    static final String FILE = "manifest.json";
    static final String PLAN = "manifest.json.plan";
    static final String UNFINISHED = "manifest.json.tmp";

    private static final int VERSION = 1;
    private static final ObjectMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    record Entry(String name, long bytes, String crc32c) {
        static Entry planned(String name) { return new Entry(name, -1, ""); }
    }

    Manifest(long step, List<Entry> files) { this(FORMAT, VERSION, step, List.copyOf(files)); }

    Content content() {
        try {
            return Content.of(JSON.writeValueAsString(this) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /// @throws UserError if the folder has no manifest of ours, or one that cannot be read
    static Manifest read(Path folder) { return read(folder, FILE); }

    /// The manifest of a whole checkpoint, or the plan of an unfinished one.
    static Optional<Manifest> ofOurs(Path folder) {
        for (String name : List.of(FILE, PLAN)) {
            try {
                if (Files.isRegularFile(folder.resolve(name))) return Optional.of(read(folder, name));
            } catch (UserError _) {
                // torn: then it names no file, and none is taken for ours
            }
        }
        return Optional.empty();
    }

    private static Manifest read(Path folder, String name) {
        String place = "checkpoint " + folder + ": ";
        try {
            var manifest = JsonFile.record(Files.readString(folder.resolve(name)), place + name, Manifest.class, "Take another checkpoint");
            if (!FORMAT.equals(manifest.format)) throw new UserError(place + name + " is not that of a fusedit checkpoint");
            if (manifest.version != VERSION)
                throw new UserError(place + "its format is version " + manifest.version + ", this program reads version " + VERSION);
            manifest.checkNames(place);
            return manifest;
        } catch (NoSuchFileException e) {
            throw new UserError(place + "is no checkpoint: it has no " + name, e);
        } catch (IOException e) {
            throw new UserError(place + name + " cannot be read: " + e, e);
        }
    }

    private void checkNames(String place) {
        var names = new HashSet<String>();
        for (var file : files) {
            if (!isFileName(file.name)) throw new UserError(place + FILE + " names '" + file.name + "', which is no file name");
            if (!names.add(file.name)) throw new UserError(place + FILE + " names '" + file.name + "' twice");
        }
        sameFile(names).ifPresent(name -> {
            throw new UserError(place + FILE + " names '" + name + "' twice, in other letters: where case does not count that is one file");
        });
    }

    /// A name that is another one too where the file system folds case.
    static Optional<String> sameFile(Collection<String> names) {
        var folded = new HashSet<String>();
        return names.stream().filter(name -> !folded.add(name.toLowerCase(Locale.ROOT))).findFirst();
    }

    static boolean isFileName(String name) {
        return name.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*") && !isManifest(name);
    }

    static boolean isManifest(String name) { return name.equals(FILE) || name.equals(PLAN) || name.equals(UNFINISHED); }
}
