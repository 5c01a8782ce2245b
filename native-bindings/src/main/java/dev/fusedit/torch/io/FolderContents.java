package dev.fusedit.torch.io;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// What a folder holds that is not what it was given as, for the end of an error: by the names that are usual, and by [FileFormat].
public final class FolderContents {
    private static final int NAMED = 3;
    /// Of more files the first bytes are not looked at.
    private static final int LOOKED_AT = 200;
    private static final Pattern TOKENIZER =
            Pattern.compile("tokenizer\\.json|tokenizer\\.model|tokenizer_config\\.json|vocab\\.json|merges\\.txt");
    private static final Pattern INDEX = Pattern.compile(".*\\.(safetensors|bin)\\.index\\.json");

    private FolderContents() {}

    /// `a tokenizer (tokenizer.json, tokenizer_config.json)`, `weights under other names (model.fp16.safetensors)`, `nothing`: goes on after "it
    /// holds". With a remedy where there is one.
    ///
    /// @throws UserError if the folder cannot be listed
    public static String of(Path folder) {
        var files = list(folder);
        var found = new ArrayList<String>();
        if (Files.isDirectory(folder.resolve("snapshots"))) {
            found.add("a cache of Hugging Face's hub (give the folder in snapshots)");
        }
        if (files.contains("adapter_config.json")) {
            found.add("an adapter (LoRA), not a model (it is given as weights.adapters beside its model, or merged into it first)");
        }
        add(found, "a tokenizer", files.stream().filter(name -> TOKENIZER.matcher(name).matches()).toList());
        add(found, "an index of shards", files.stream().filter(name -> INDEX.matcher(name).matches()).toList());
        var weights = new ArrayList<String>();
        var pointers = new ArrayList<String>();
        var tars = new ArrayList<String>();
        for (var name : files.subList(0, Math.min(LOOKED_AT, files.size()))) {
            switch (format(folder.resolve(name))) {
                case SAFETENSORS, GGUF, PICKLE -> weights.add(name);
                case ZIP -> (name.endsWith(".zip") ? tars : weights).add(name);
                case GIT_LFS_POINTER, XET_POINTER, ANNEX_POINTER -> pointers.add(name);
                case TAR -> tars.add(name);
                default -> {}
            }
        }
        add(found, "weights under other names", weights);
        add(found, "pointers that stand for files, of Git LFS or the like (run 'git lfs pull')", pointers);
        add(found, "archives", tars);
        if (found.isEmpty() && !files.isEmpty()) {
            add(found, "nothing of a model", files);
        }
        return found.isEmpty() ? "nothing" : String.join(", ", found);
    }

    private static void add(List<String> found, String what, List<String> names) {
        if (!names.isEmpty()) {
            var more = names.size() > NAMED ? " and %d more".formatted(names.size() - NAMED) : "";
            found.add("%s (%s%s)".formatted(what, String.join(", ", names.subList(0, Math.min(NAMED, names.size()))), more));
        }
    }

    private static FileFormat format(Path file) {
        try {
            return FileFormat.of(file);
        } catch (UserError e) { // it cannot be read, which is not what is asked
            return FileFormat.UNKNOWN;
        }
    }

    private static List<String> list(Path folder) {
        try (var files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw FileBytes.unreadable(folder, e);
        }
    }
}
