package dev.fusedit.trainer.eval.dpg;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TextFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// DPG-Bench's prompts by their ids: a list of `[id, prompt]`, an object, or the benchmark's folder of `ID.txt`.
public final class DpgPrompts {
    private static final String REMEDY = "Give a list of [id, prompt], or DPG-Bench's folder of prompts";
    private static final String TEXT = ".txt";

    private DpgPrompts() {}

    /// In the order of the list, or of the files' names.
    ///
    /// @throws UserError naming the file, if it is none of these
    public static ImmutableMap<String, String> read(Path place) {
        var prompts = ImmutableMap.<String, String>builder();
        if (Files.isDirectory(place)) texts(place, prompts);
        else list(place, prompts);
        try {
            var all = prompts.buildOrThrow();
            if (all.isEmpty()) throw new UserError("%s has no prompt. %s".formatted(place, REMEDY));
            return all;
        } catch (IllegalArgumentException e) {
            throw new UserError("%s has an id twice: %s".formatted(place, e.getMessage()), e);
        }
    }

    private static void list(Path file, ImmutableMap.Builder<String, String> prompts) {
        var json = JsonFile.read(file, REMEDY);
        if (json.isObject()) {
            json.properties().forEach(each -> prompts.put(id(each.getKey(), file), text(each.getValue(), file)));
            return;
        }
        for (var each : json) {
            if (each.size() != 2) throw new UserError("%s: %s is no pair of an id and a prompt. %s".formatted(file, each, REMEDY));
            prompts.put(id(text(each.path(0), file), file), text(each.path(1), file));
        }
    }

    private static String text(JsonNode text, Path file) {
        if (!text.isTextual()) throw new UserError("%s: %s is no text. %s".formatted(file, text, REMEDY));
        return text.asText().strip();
    }

    /// An id becomes an image's name.
    private static String id(String id, Path file) {
        if (!id.matches("[\\w-]+"))
            throw new UserError("%s: the id '%s' cannot name an image: letters, digits, _ and - can".formatted(file, id));
        return id;
    }

    private static void texts(Path folder, ImmutableMap.Builder<String, String> prompts) {
        try (var files = Files.list(folder)) {
            for (var file : files.filter(each -> each.getFileName().toString().endsWith(TEXT)).sorted().toList()) {
                var name = file.getFileName().toString();
                prompts.put(id(name.substring(0, name.length() - TEXT.length()), file), TextFile.read(file, "a prompt").strip());
            }
        } catch (IOException e) {
            throw new UserError("%s cannot be listed: %s".formatted(folder, e.getMessage()), e);
        }
    }
}
