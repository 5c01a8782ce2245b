package dev.fusedit.trainer.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.fusion.dit.ModelConfigJson;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/// Workloads from a JSON file: a name for each, fields of the model as in the paper's published configurations.
///
///     "train-s": {"kind": "train", "attention": "self", "pos_embed": "2d-rope", …, "lm": {"type": "gemma", …}, "latent": [16, 16, 16],
///                 "text": {"padded": 64, "valid": [12, 20, 33, 9]}, "batch": 8, "optimizer": "adamw", "grad_clip": 1.0},
///     "sample-s": {"kind": "sample", "like": "train-s", "batch": 4, "steps": 25, "guidance": 6.0, "use_cache": true}
public final class Workloads {
    private static final String REMEDY = "Write an object with a workload under each name";
    private static final String ABOUT = "about";
    private static final Set<String> KNOWN = ImmutableSet.of("kind", "like", "attention", "pos_embed", "timestep_conditioning", "qk_norm",
            "sandwich_norm", "lm", "dit_hidden_size", "dit_num_hidden_layers", "detail_head", "latent", "text", "batch", "optimizer",
            "grad_clip", "steps",
            "guidance", "use_cache");

    private Workloads() {}

    /// Those of `benchmarks/RESULTS.md`.
    public static ImmutableMap<String, Workload> builtIn() {
        try (var in = Objects.requireNonNull(Workloads.class.getResourceAsStream("workloads.json"))) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return read(JsonFile.object(text, "workloads.json", REMEDY), "workloads.json");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @throws UserError naming file and field of whatever is wrong
    public static ImmutableMap<String, Workload> read(Path file) { return read(JsonFile.object(file, REMEDY), file.toString()); }

    private static ImmutableMap<String, Workload> read(ObjectNode root, String file) {
        var workloads = ImmutableMap.<String, Workload>builder();
        root.properties().stream().filter(entry -> !entry.getKey().equals(ABOUT))
                .forEach(entry -> workloads.put(entry.getKey(), workload(entry.getKey(), new ConfigReader(root, file))));
        return workloads.buildOrThrow();
    }

    private static Workload workload(String name, ConfigReader all) {
        var fields = all.in(name);
        fields.node().fieldNames().forEachRemaining(field -> {
            if (!KNOWN.contains(field)) {
                throw new UserError("%s: unknown field '%s'. Known: %s".formatted(fields.where(), field, String.join(", ", KNOWN)));
            }
        });
        var like = fields.text("like");
        if (like != null) {
            all.require(all.has(like), like, "must be a workload, since '" + name + "' is like it");
            var other = all.in(like);
            all.require(!other.has("like"), like, "must not be like another one itself");
            var merged = ((ObjectNode) other.node()).deepCopy();
            merged.setAll((ObjectNode) fields.node());
            return workload(name, merged, fields.where());
        }
        return workload(name, fields.node(), fields.where());
    }

    private static Workload workload(String name, JsonNode json, String where) {
        var fields = new ConfigReader(json, where);
        return fields.checked(() -> {
            var shape = shape(name, fields);
            var kind = fields.text("kind");
            return switch (kind == null ? "" : kind) {
                case "train" -> {
                    fields.require(!fields.has("optimizer") || "adamw".equals(fields.text("optimizer")), "optimizer", "must be adamw");
                    yield new Workload.Train(shape, fields.number("grad_clip", 1));
                }
                case "sample" -> new Workload.Sample(shape, fields.integer("steps"), fields.number("guidance", 1));
                default -> throw fields.unknown("kind", "train, sample");
            };
        });
    }

    private static Workload.Shape shape(String name, ConfigReader fields) {
        var latent = fields.integers("latent");
        fields.require(latent.size() == 3, "latent", "must be channels, height and width");
        var text = fields.in("text");
        var valid = text.integers("valid");
        text.require(!valid.isEmpty(), "valid", "must name at least one length");
        int batch = fields.integer("batch");
        fields.require(batch > 0, "batch", "must be at least 1");
        var lengths = IntStream.range(0, batch).mapToObj(i -> valid.get(i % valid.size())).toList();
        return new Workload.Shape(name, ModelConfigJson.fused(model(fields, latent), fields.where()), batch, latent.get(0), latent.get(1),
                latent.get(2), lengths, text.integer("padded"));
    }

    private static JsonNode model(ConfigReader fields, List<Integer> latent) {
        var model = JsonNodeFactory.instance.objectNode();
        for (var field : List.of("attention", "pos_embed", "timestep_conditioning", "qk_norm", "sandwich_norm", "dit_hidden_size",
                "dit_num_hidden_layers", "detail_head")) {
            if (fields.node().has(field)) {
                model.set(field, fields.node().get(field));
            }
        }
        var lm = ((ObjectNode) fields.in("lm").node()).deepCopy();
        lm.set("model_type", lm.remove("type"));
        model.set("base_config", lm);
        return model.put("patch_size", 2).put("in_channels", latent.get(0)).put("out_channels", latent.get(0));
    }
}
