package dev.fusedit.trainer.stage.cache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Rows of one kind that were made in one way, in a folder of their own: its name is a hash of all that they depend on beside what each one
/// is made of. With other weights, another tokenizer or another precision it is another folder, so nothing stale is ever found.
///
/// @param dtype that rows are kept in
/// @param facts what they depend on, for people too
public record CacheSet(CacheKind kind, DType dtype, ImmutableMap<String, String> facts) {
    /// To be raised where rows of the same facts become others.
    private static final String VERSION = "1";
    private static final String ABOUT = "about.json", REMEDY = "Delete the folder, 'fusedit data cache' makes it anew";

    /// `latents-0123456789abcdef`
    String name() {
        var all = new TreeMap<String, String>(facts);
        var text = all.entrySet().stream().map(fact -> fact.getKey() + "\0" + fact.getValue() + "\0").collect(Collectors.joining());
        return kind.word() + "-" + Hashing.sha256()
                .hashString(String.join("\0", VERSION, kind.word(), dtype.toString(), text), StandardCharsets.UTF_8).toString()
                .substring(0, 16);
    }

    /// Below a cache's folder.
    Path in(Path cache) { return cache.resolve(name()); }

    /// Makes the folder, and says in it what it holds.
    ///
    /// @throws UserError if it cannot be written
    void describe(Path cache) {
        var about = in(cache).resolve(ABOUT);
        if (Files.exists(about)) return;
        try {
            Files.createDirectories(in(cache));
            WholeFile.write(about, json().toPrettyString() + "\n");
        } catch (IOException e) {
            throw WriteFailure.of(about, e);
        }
    }

    JsonNode json() {
        var json = JsonNodeFactory.instance.objectNode().put("kind", kind.word()).put("dtype", dtype.toString());
        var made = json.putObject("facts");
        facts.forEach(made::put);
        return json;
    }

    /// All that lie in a folder.
    ///
    /// @throws UserError if one cannot be read
    static List<CacheSet> all(Path cache) {
        var sets = new ArrayList<CacheSet>();
        if (!Files.isDirectory(cache)) return sets;
        try (var folders = Files.newDirectoryStream(cache, folder -> Files.exists(folder.resolve(ABOUT)))) {
            for (var folder : folders) sets.add(read(folder.resolve(ABOUT)));
        } catch (IOException e) {
            throw new UserError("%s cannot be read (%s)".formatted(cache, e.getMessage()), e);
        }
        sets.sort((a, b) -> a.name().compareTo(b.name()));
        return sets;
    }

    private static CacheSet read(Path about) {
        var json = JsonFile.object(about, REMEDY);
        var facts = json.path("facts").properties().stream()
                .collect(ImmutableMap.toImmutableMap(Map.Entry::getKey, fact -> fact.getValue().asText()));
        var kind = Arrays.stream(CacheKind.values()).filter(each -> each.word().equals(json.path("kind").asText())).findFirst();
        var dtype = Arrays.stream(DType.values()).filter(each -> each.toString().equals(json.path("dtype").asText())).findFirst();
        if (kind.isEmpty() || dtype.isEmpty()) throw new UserError("%s: names no kind or dtype of rows. %s".formatted(about, REMEDY));
        return new CacheSet(kind.get(), dtype.get(), facts);
    }
}
