package dev.fusedit.trainer.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.pipeline.NewFolder;
import dev.fusedit.nn.Adapters;
import dev.fusedit.nn.LoraAdapter;
import dev.fusedit.nn.LoraConfig;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.recipe.LanguageModelRecipe;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Adapters in PEFT's form (github.com/huggingface/peft, `PeftModel.save_pretrained`): `adapter_config.json` and
/// `adapter_model.safetensors`, whose names are those of the layers behind `base_model.model.`. A model with adapters of both parts has a
/// folder for each, `llm` and `dit`.
public final class PeftFolders {
    private static final String CONFIG = FolderTensors.ADAPTER, WEIGHTS = FolderTensors.ADAPTER_WEIGHTS;
    private static final String REMEDY = "Save the adapter with PEFT's save_pretrained, or by 'fusedit export --to peft'";
    private static final String LLM = "llm";
    /// Of a causal language model the layers are in `model`; of a model without a head they are not.
    private static final Pattern WRAPPED = Pattern.compile("base_model\\.model\\.(?:model\\.)?(.*)");

    private static final Pattern LAYER = Pattern.compile("llm\\.layers\\.(\\d{1,6})\\..*");

    private PeftFolders() {}

    /// Whether a folder holds an adapter, and not a model.
    static boolean is(Path folder) { return Files.isRegularFile(folder.resolve(CONFIG)); }

    // ---- reading

    /// Reads adapters into a model.
    ///
    /// @param place a folder with an adapter of the language model, or with the folders `llm` and `dit`, or one of them
    /// @param adapters that the model has
    /// @param said told which layers are left out: the language model may be the first ones of a deeper one
    /// @throws UserError if there is none, or they are others than the model's
    public static void read(Path place, Adapters adapters, Weights weights, Consumer<String> said) {
        var found = 0;
        for (var part : adapters.parts().entrySet()) {
            var folder = part.getKey().equals(LLM) && is(place) ? place : place.resolve(part.getKey());
            if (!is(folder)) continue;
            requireSame(folder.resolve(CONFIG), part.getKey(), part.getValue());
            read(folder.resolve(WEIGHTS), part.getKey(), weights, said);
            found++;
        }
        if (found == 0) {
            throw new UserError("weights.adapters: %s holds no adapter of what model.adapters names (%s): there is no %s".formatted(place,
                    String.join(", ", adapters.parts().keySet()), CONFIG));
        }
    }

    private static void read(Path file, String part, Weights weights, Consumer<String> said) {
        if (!Files.isRegularFile(file)) throw new UserError("weights.adapters: %s: no such file. %s".formatted(file, REMEDY));
        try (var tensors = SafeTensors.open(file)) {
            int layers = part.equals(LLM) ? layers(weights.in(part).all().map(Parameter::name)) : Integer.MAX_VALUE;
            int found = layers(tensors.names().stream().map(name -> LLM + "." + unwrapped(name)));
            if (found > layers) {
                said.accept("weights.adapters: %s is of %d layers, of which the first %d are taken, as of the language model"
                        .formatted(file, found, layers));
            }
            weights.in(part).load(RenamedTensors.of(tensors, name -> {
                var own = part + "." + unwrapped(name);
                return layer(own) >= layers ? null : own;
            }), name -> LoraAdapter.isPart(name) ? name : null);
        }
    }

    /// The number of a name's layer; -1 if it is of none.
    private static int layer(String name) {
        var layer = LAYER.matcher(name);
        return layer.matches() ? Integer.parseInt(layer.group(1)) : -1;
    }

    private static int layers(Stream<String> names) { return 1 + names.mapToInt(PeftFolders::layer).max().orElse(-1); }

    /// Our name; what is no adapter's keeps its own, so that it is told of.
    private static String unwrapped(String name) {
        var wrapped = WRAPPED.matcher(name);
        return wrapped.matches() ? wrapped.group(1) : name;
    }

    /// Each field that changes a number.
    private static void requireSame(Path file, String part, LoraConfig own) {
        var json = JsonFile.object(file, REMEDY);
        var problems = new ArrayList<String>();
        expect(json, "peft_type", JsonNodeFactory.instance.textNode("LORA"), problems);
        expect(json, "r", JsonNodeFactory.instance.numberNode(own.rank()), problems);
        expect(json, "lora_alpha", JsonNodeFactory.instance.numberNode(own.alpha()), problems);
        expect(json, "bias", JsonNodeFactory.instance.textNode("none"), problems);
        expect(json, "use_rslora", JsonNodeFactory.instance.booleanNode(own.rslora()), problems);
        for (var field : List.of("use_dora", "fan_in_fan_out", "lora_bias"))
            if (json.path(field).asBoolean(false)) problems.add("%s: true in the file, which is not read here".formatted(field));
        for (var field : List.of("rank_pattern", "alpha_pattern", "modules_to_save", "layer_replication", "megatron_config"))
            if (!isNothing(json.path(field))) problems.add("%s: %s in the file, which is not read here".formatted(field, json.path(field)));
        if (!problems.isEmpty()) {
            throw new UserError("%s does not fit model.adapters.%s: %s".formatted(file, part, String.join("; ", problems)));
        }
    }

    private static boolean isNothing(JsonNode value) {
        return value.isMissingNode() || value.isNull() || value.isContainerNode() && value.isEmpty();
    }

    private static void expect(ObjectNode json, String field, JsonNode wanted, List<String> problems) {
        var value = json.path(field);
        boolean same = wanted.isNumber() ? value.isNumber() && value.doubleValue() == wanted.doubleValue() : value.equals(wanted);
        boolean usual = value.isMissingNode() && (wanted.asText().equals("none") || wanted.asText().equals("false"));
        if (!same && !usual)
            problems.add("%s: %s in the file, %s in the recipe".formatted(field, value.isMissingNode() ? "nothing" : value, wanted));
    }

    // ---- writing

    /// Writes a run's adapters.
    ///
    /// @param out new or empty; there whole in the end, or not at all
    /// @param weights the model's
    /// @param dtype what they are stored in
    /// @throws UserError if the recipe has no adapters
    public static void write(Path out, Recipe recipe, Weights weights, DType dtype) throws IOException {
        var parts = recipe.model().adapted().parts();
        if (parts.isEmpty()) {
            throw new UserError("recipe '%s' has no model.adapters: there is nothing to export with --to peft"
                    .formatted(recipe.run().name()));
        }
        NewFolder.write(out, folder -> {
            for (var part : parts.entrySet()) {
                var name = part.getKey();
                writePart(folder.resolve(name), name, part.getValue(), name.equals(LLM) ? base(recipe) : null, weights, dtype);
            }
        });
    }

    private static @Nullable String base(Recipe recipe) {
        return switch (recipe.model().llm()) {
            case LanguageModelRecipe.Pretrained named -> named.name();
            case LanguageModelRecipe.Custom _ -> null;
        };
    }

    /// Writes the adapter of one part.
    ///
    /// @param base public name of the model that it changes; null for none
    public static void writePart(Path folder, String part, LoraConfig config, @Nullable String base, Weights weights, DType dtype)
            throws IOException {
        Files.createDirectories(folder);
        var state = new LinkedHashMap<String, Tensor>();
        var wrapping = part.equals(LLM) ? "base_model.model.model." : "base_model.model.";
        weights.in(part).localState().forEach((name, value) -> {
            if (LoraAdapter.isPart(name)) state.put(wrapping + name, value);
        });
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            state.replaceAll((_, value) -> value.to(dtype));
            SafeTensors.write(folder.resolve(WEIGHTS), state, Map.of("format", "pt"));
        }
        var json = json(part, config, List.copyOf(state.keySet())).put("base_model_name_or_path", base);
        Files.writeString(folder.resolve(CONFIG), json.toPrettyString() + "\n");
    }

    private static ObjectNode json(String part, LoraConfig config, List<String> names) {
        var json = JsonNodeFactory.instance.objectNode().put("peft_type", "LORA").put("r", config.rank())
                .put("lora_dropout", config.dropout()).put("bias", "none").put("fan_in_fan_out", false).put("inference_mode", true)
                .put("init_lora_weights", true).put("use_rslora", config.rslora()).put("use_dora", false);
        if (config.alpha() == Math.rint(config.alpha())) json.put("lora_alpha", (long) config.alpha());
        else json.put("lora_alpha", config.alpha());
        json.put("task_type", part.equals(LLM) ? "CAUSAL_LM" : null);
        var targets = json.putArray("target_modules");
        targets(config, names).forEach(targets::add);
        return json;
    }

    /// As the recipe names them; where a pattern does, the layers' whole names, since PEFT's own patterns are others.
    private static List<String> targets(LoraConfig config, List<String> names) {
        if (config.targets().stream().noneMatch(target -> target.contains("*"))) return config.targets();
        return names.stream().filter(name -> name.endsWith(LoraAdapter.A)).map(PeftFolders::unwrapped)
                .map(name -> name.substring(0, name.length() - LoraAdapter.A.length() - 1)).toList();
    }
}
