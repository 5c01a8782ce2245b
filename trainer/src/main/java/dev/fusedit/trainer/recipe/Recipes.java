package dev.fusedit.trainer.recipe;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileFormat;
import dev.fusedit.torch.io.NearFiles;
import dev.fusedit.torch.io.TextFile;
import dev.fusedit.trainer.recipe.binding.Names;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Finds recipes: files by path, and the named ones (`quickstart`, `paper/large-scale`) that come along in the jar. They are the
/// files of the project's folder `recipes/`.
public final class Recipes {
    private static final long MOST_BYTES = 1 << 20;

    private Recipes() {}

    /// @param file what errors call it
    public record Source(String file, String text) {}

    /// @throws UserError if there is no such recipe, or it cannot be read
    public static Source find(String nameOrPath) {
        boolean looksLikePath = nameOrPath.endsWith(".yaml") || nameOrPath.endsWith(".yml");
        if (looksLikePath || nameOrPath.startsWith(".") || nameOrPath.startsWith("/")) return file(nameOrPath);
        if (names().contains(nameOrPath)) return named(nameOrPath);
        if (Files.isRegularFile(Path.of(nameOrPath))) return file(nameOrPath);
        throw new UserError("no recipe is named '" + nameOrPath + "'." + Names.suggestion(nameOrPath, names())
                + " A recipe of your own is given as a file: path/to/recipe.yaml");
    }

    /// The named recipes, sorted.
    public static List<String> names() {
        URL folder = Recipes.class.getResource("/recipes");
        if (folder == null) return List.of();
        try {
            if (folder.getProtocol().equals("file")) return names(Path.of(folder.toURI()));
            try (var jar = FileSystems.newFileSystem(folder.toURI(), Map.of())) {
                return names(jar.getPath("/recipes"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /// The first sentence of a named recipe's own comment.
    public static String summary(String name) {
        var comment = named(name).text().lines().takeWhile(line -> line.startsWith("#") && line.length() > 1)
                .map(line -> line.substring(1).strip()).collect(Collectors.joining(" "));
        return comment.replaceFirst("(?<=[.])\\s.*", "");
    }

    private static List<String> names(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.map(file -> folder.relativize(file).toString()).filter(name -> name.endsWith(".yaml"))
                    .map(name -> name.substring(0, name.length() - ".yaml".length()).replace('\\', '/')).sorted().toList();
        }
    }

    private static Source named(String name) {
        try (var in = Recipes.class.getResourceAsStream("/recipes/" + name + ".yaml")) {
            if (in == null) throw new IllegalStateException("recipe " + name + " is gone");
            return new Source(name + ".yaml", new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A file, else a recipe that has a name, else how all of these are told.
    private static String meant(Path file) {
        var near = NearFiles.hint(file);
        if (!near.isEmpty()) return near;
        var named = Names.hint(file.toString().replaceFirst("\\.ya?ml$", ""), names());
        return "." + (named.isEmpty() ? " ./fusedit recipe list tells the recipes with names" : named);
    }

    private static Source file(String path) {
        Path file = Path.of(path);
        String name = "recipe " + path, origin = name + ": ";
        if (Files.isDirectory(file)) throw new UserError(origin + "is a folder. Give the recipe file in it");
        try {
            if (Files.size(file) > MOST_BYTES)
                throw new UserError(origin + "is no recipe: it is " + FileFormat.of(file).phrase() + " of " + Files.size(file) + " bytes");
            return new Source(path, TextFile.read(file, "a recipe", name));
        } catch (NoSuchFileException e) {
            throw new UserError(origin + "no such file" + meant(file), e);
        } catch (IOException e) {
            throw new UserError(origin + "cannot be read: " + e.getMessage(), e);
        }
    }
}
