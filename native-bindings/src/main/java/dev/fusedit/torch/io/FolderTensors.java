package dev.fusedit.torch.io;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.Streams;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// All tensors of a model's folder. A folder with a `config.json` is one model, its tensors under the names of its file; one with a
/// `model_index.json` is a pipeline, whose tensors stand behind the name of their part: `vae.encoder.conv_in.weight`.
public final class FolderTensors implements TensorSource {
    public static final String CONFIG = "config.json";
    public static final String PIPELINE = "model_index.json";

    /// As transformers, diffusers, and the paper's scripts name them; where there are several, the first is the one that those would read.
    private static final List<String> WEIGHTS = List.of("model.safetensors", "model.safetensors.index.json",
            "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors.index.json", "weights.safetensors",
            "pytorch_model.bin", "diffusion_pytorch_model.bin", "model.pt", "model.pt.zst", "ema.pt.zst");
    /// Weights that change when the model is learned or converted anew: of two of them one may be stale.
    private static final List<String> ONE_OF = WEIGHTS.subList(0, 5);
    /// What PEFT saves an adapter as.
    public static final String ADAPTER = "adapter_config.json", ADAPTER_WEIGHTS = "adapter_model.safetensors";
    private static final String REMEDY = "Fetch the model's folder anew";

    private final Path folder;
    private final String kind;
    private final String architecture;
    private final List<TensorSource> files = new ArrayList<>();
    private final Map<String, Place> places = new LinkedHashMap<>();

    /// @param name in the file
    private record Place(TensorSource file, String name, TensorInfo info) {}

    private FolderTensors(Path folder, String kind, String architecture) {
        this.folder = folder;
        this.kind = kind;
        this.architecture = architecture;
    }

    /// Whether [#open] would look into this folder.
    public static boolean is(Path folder) {
        return Files.isRegularFile(folder.resolve(CONFIG)) || Files.isRegularFile(folder.resolve(PIPELINE));
    }

    /// @throws UserError if it is no model's folder, lacks its weights, or has damaged ones
    public static FolderTensors open(Path folder) {
        if (Files.isRegularFile(folder.resolve(PIPELINE))) {
            return pipeline(folder);
        }
        if (!Files.isRegularFile(folder.resolve(CONFIG))) {
            if (isAdapter(folder)) {
                throw new UserError(
                        "%s is an adapter (%s), not a model. Give it as weights.adapters, beside its model".formatted(folder, ADAPTER));
            }
            throw new UserError("%s is no model's folder: it has neither %s nor %s; it holds %s".formatted(folder, CONFIG, PIPELINE,
                    FolderContents.of(folder)));
        }
        return of(folder, "model", architecture(folder));
    }

    /// A model whose folder says in another way what it is.
    ///
    /// @throws UserError as [#open]
    public static FolderTensors of(Path folder, String kind, String architecture) {
        return opened(new FolderTensors(folder, kind, architecture), Map.of("", folder));
    }

    /// Whether a folder holds an adapter alone, and not a model.
    public static boolean isAdapter(Path folder) { return Files.isRegularFile(folder.resolve(ADAPTER)) && !is(folder); }

    /// The tensors of an adapter, under PEFT's names.
    ///
    /// @throws UserError if there are none, or they are damaged
    public static FolderTensors adapter(Path folder) {
        var json = JsonFile.object(folder.resolve(ADAPTER), REMEDY);
        var targets = json.path("target_modules");
        var kind = "%s: r %s, lora_alpha %s, target_modules %s".formatted(json.path("peft_type").asText("unnamed"), json.path("r"),
                json.path("lora_alpha"), targets.isTextual() ? targets.textValue()
                        : Streams.stream(targets).map(JsonNode::asText)
                                .collect(Collectors.joining(", ")));
        var result = new FolderTensors(folder, "adapter", kind);
        var file = folder.resolve(ADAPTER_WEIGHTS);
        if (!Files.isRegularFile(file)) {
            throw new UserError("%s: has no %s; it holds %s".formatted(folder, ADAPTER_WEIGHTS, FolderContents.of(folder)));
        }
        result.add("", TensorFiles.open(file));
        return result;
    }

    private static FolderTensors pipeline(Path folder) {
        var file = folder.resolve(PIPELINE);
        var index = JsonFile.object(file, REMEDY);
        var folders = new TreeMap<String, Path>();
        var classes = new ArrayList<String>();
        index.properties().forEach(entry -> {
            var name = entry.getValue().path(1);
            if (entry.getValue().isArray() && name.isTextual()) { // a part that is left out is [null, null]
                classes.add(entry.getKey() + " " + name.textValue());
                var part = part(file, entry.getKey());
                if (Files.isRegularFile(part.resolve(CONFIG)) && !name.textValue().contains("Tokenizer")) {
                    folders.put(entry.getKey(), part);
                }
            }
        });
        var architecture = "%s (%s)".formatted(index.path("_class_name").asText("unnamed"), String.join(", ", classes));
        return opened(new FolderTensors(folder, "pipeline", architecture), folders);
    }

    /// Parts lie in folders of their names; anything else could point anywhere.
    private static Path part(Path index, String name) {
        if (!name.matches("\\w+")) {
            throw new UserError("%s: '%s' is no name of a part".formatted(index, name));
        }
        var folder = index.resolveSibling(name);
        if (!Files.isDirectory(folder)) {
            throw new UserError("%s: names the part '%s', but the folder %s is not there".formatted(index, name, folder));
        }
        return folder;
    }

    private static FolderTensors opened(FolderTensors result, Map<String, Path> folders) {
        try {
            folders.forEach((part, folder) -> result.add(part.isEmpty() ? "" : part + ".", TensorFiles.open(weights(folder))));
            return result;
        } catch (RuntimeException e) {
            result.close();
            throw e;
        }
    }

    private void add(String prefix, TensorSource file) {
        files.add(file);
        file.tensors().forEach((name, info) -> places.put(prefix + name,
                new Place(file, name, new TensorInfo(prefix + name, info.elements(), info.shape()))));
    }

    private static String architecture(Path folder) {
        var config = JsonFile.object(folder.resolve(CONFIG), REMEDY);
        for (var name : List.of(config.path("architectures").path(0), config.path("_class_name"), config.path("model_type"))) {
            if (name.isTextual()) {
                return name.textValue();
            }
        }
        return "unnamed";
    }

    /// The file with a model's weights.
    ///
    /// @throws UserError if the folder has none, has them twice, or has an adapter that they are to be changed by
    public static Path weights(Path folder) {
        var present = ONE_OF.stream().filter(name -> Files.isRegularFile(folder.resolve(name))).toList();
        if (present.size() > 1) {
            throw new UserError("%s: has its weights twice, as %s. One of them may be stale: leave the one that counts there"
                    .formatted(folder, String.join(" and ", present)));
        }
        if (Files.isRegularFile(folder.resolve(ADAPTER))) {
            throw new UserError(
                    "%s: its weights are to be changed by an adapter (%s), which is not read here. Give the adapter as weights.adapters, or merge it into the weights"
                            .formatted(folder, ADAPTER));
        }
        return find(folder).orElseThrow(() -> noWeights(folder));
    }

    /// The file with a model's weights, and where that is an index of shards, these.
    ///
    /// @throws UserError as [#weights]
    public static List<Path> files(Path folder) {
        var file = weights(folder);
        if (!file.toString().endsWith(".index.json")) {
            return List.of(file);
        }
        return Stream.concat(Stream.of(file), ShardIndex.read(file).files().values().stream().distinct().sorted().map(folder::resolve))
                .toList();
    }

    private static UserError noWeights(Path folder) {
        return new UserError(
                ("%s: has no weights under a name that is read; it holds %s. Read are %s (%s belongs beside shards; a single file "
                        + "is renamed or linked to %s)").formatted(folder, FolderContents.of(folder), String.join(", ", WEIGHTS),
                                WEIGHTS.get(1),
                                WEIGHTS.getFirst()));
    }

    private static Optional<Path> find(Path folder) {
        return WEIGHTS.stream().map(folder::resolve).filter(Files::isRegularFile).findFirst();
    }

    /// The class that Python's libraries would make: `GemmaForCausalLM`; of a pipeline, its parts' too.
    public String architecture() { return architecture; }

    @Override
    public Path path() { return folder; }

    /// `model` or `pipeline`, or what [#of] was told.
    @Override
    public String kind() { return kind; }

    @Override
    public Map<String, TensorInfo> tensors() {
        var tensors = new LinkedHashMap<String, TensorInfo>();
        places.forEach((name, place) -> tensors.put(name, place.info()));
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public boolean contains(String name) { return places.containsKey(name); }

    @Override
    public Tensor read(String name) {
        var place = places.get(name);
        if (place == null) {
            throw new UserError("%s: has no tensor '%s' among its %d".formatted(folder, name, places.size()));
        }
        return place.file().read(place.name());
    }

    @Override
    public void close() { files.forEach(TensorSource::close); }
}
