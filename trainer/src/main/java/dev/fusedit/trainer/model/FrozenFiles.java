package dev.fusedit.trainer.model;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import dev.fusedit.fusion.vision.DinoFolder;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.nn.LoraAdapter;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.Reference;
import dev.fusedit.trainer.checkpoint.References;
import dev.fusedit.trainer.recipe.Losses;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.Stage;
import dev.fusedit.trainer.recipe.WeightFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Files of weights that a run reads and never changes: checkpoints refer to them instead of holding their weights.
///
/// They are the language model of `weights.llm`, as far as no stage trains it, the autoencoder of `weights.vae` and the CLIP model of
/// `weights.clip`, and for training alone the teachers of alignment losses (`stages.NAME.losses.repa.teacher.path`). What a run began with
/// by `weights.model` is copied: another run's checkpoints come and go.
///
/// @param places by key, where they are now
/// @param known what checkpoints say of them already
public record FrozenFiles(Map<String, Path> places, References known) {
    public static final FrozenFiles NONE = new FrozenFiles(Map.of(), References.NONE);
    private static final String LLM = "weights.llm";
    private static final String PART = "llm.";
    private static final String TEACHER = "stages.";
    private static final List<String> OF_TOKENIZERS = List.of("tokenizer.json", "vocab.json", "merges.txt");

    public FrozenFiles {
        places = ImmutableMap.copyOf(places);
    }

    /// Of a run that begins with the files of its recipe.
    public static FrozenFiles of(Recipe recipe) {
        var places = new LinkedHashMap<String, Path>();
        weights(recipe).forEach((key, place) -> places.put(key, Path.of(place)));
        teachers(recipe).forEach((key, place) -> places.put(key, Path.of(place)));
        return new FrozenFiles(places, References.NONE);
    }

    private static Map<String, String> weights(Recipe recipe) {
        var weights = recipe.weights();
        var named = new LinkedHashMap<String, String>();
        if (weights.llmFile() != null) {
            named.put(LLM, weights.llmFile());
        }
        if (recipe.model().vae() != null && weights.vae() != null) {
            named.put("weights.vae", weights.vae());
        }
        if (recipe.model().clip() != null && weights.clip() != null) {
            named.put("weights.clip", weights.clip());
        }
        return named;
    }

    private static Map<String, String> teachers(Recipe recipe) {
        var named = new LinkedHashMap<String, String>();
        for (var stage : recipe.stages()) {
            teacher(stage).ifPresent(path -> named.put(TEACHER + stage.name() + ".losses.repa.teacher.path", path.toString()));
        }
        return named;
    }

    private static Optional<Path> teacher(Stage stage) {
        return Optional.ofNullable(stage.losses().repa()).flatMap(repa -> place(repa.teacher()));
    }

    private static Optional<Path> place(Losses.Teacher teacher) {
        return switch (teacher) {
            case Losses.Teacher.Trained(var path) -> Optional.of(Checkpoints.find(Path.of(path)));
            case Losses.Teacher.Random _ -> Optional.empty();
            case Losses.Teacher.DinoV2(var path) -> Optional.of(Checkpoints.meant(Path.of(path)));
        };
    }

    /// Files that a teacher's features depend on; none for one that is drawn.
    public static List<Path> of(Losses.Teacher teacher) { return place(teacher).map(place -> files(TEACHER, place)).orElse(List.of()); }

    /// Those that a checkpoint refers to, where they are now.
    ///
    /// @param checkpoint its folder
    /// @param own recipe that the checkpoint was made by
    /// @throws UserError if one is nowhere, or another
    public static FrozenFiles of(Path checkpoint, Recipe own) {
        var known = References.in(checkpoint);
        return known.isEmpty() ? NONE : found(checkpoint, known, weights(own), weights(own));
    }

    /// The same for a run that goes on, and its teachers: what its recipe says otherwise than the checkpoint's is where they must be.
    ///
    /// @throws UserError as [#of]
    static FrozenFiles goingOn(Path checkpoint, Recipe own, Recipe recipe) {
        var known = References.in(checkpoint);
        if (known.isEmpty()) {
            return NONE;
        }
        var places = new LinkedHashMap<>(found(checkpoint, known, weights(own), weights(recipe)).places);
        teachers(recipe).forEach((key, place) -> {
            var teacher = known.of(key);
            places.put(key, teacher == null ? Path.of(place) : teacher.at(checkpoint, Path.of(place)));
        });
        return new FrozenFiles(places, known);
    }

    private static FrozenFiles found(Path checkpoint, References known, Map<String, String> before, Map<String, String> now) {
        var places = new LinkedHashMap<String, Path>();
        var ofTheModel = known.files().stream().filter(file -> !file.key().startsWith(TEACHER)).toList();
        for (var file : ofTheModel) {
            var place = now.get(file.key());
            boolean moved = place != null && !place.equals(before.get(file.key()));
            places.put(file.key(), moved ? file.at(checkpoint, Path.of(place)) : file.find(checkpoint, before.get(file.key())));
        }
        return new FrozenFiles(places, known);
    }

    /// The recipe with the places where the files are.
    public Recipe placed(Recipe recipe) {
        var weights = recipe.weights();
        return places.isEmpty() ? recipe
                : recipe.withWeights(new WeightFiles(weights.model(), at(LLM, weights.llm()), weights.llmDtype(),
                        at("weights.vae", weights.vae()), at("weights.clip", weights.clip()), weights.tokenizer(), weights.adapters(),
                        weights.accept()));
    }

    private @Nullable String at(String key, @Nullable String named) {
        var place = places.get(key);
        return place == null ? named : place.toString();
    }

    /// Whether a weight is in the language model's file and stays as it is there.
    public boolean hold(String weight, Recipe recipe) {
        return mayHold(weight) && isNeverTrained(weight, recipe);
    }

    /// Whether checkpoints of a run that begins with its recipe's files refer to a weight; the files need not be there.
    public static boolean refersTo(String weight, Recipe recipe) {
        return recipe.weights().llmFile() != null && isOfTheFile(weight) && isNeverTrained(weight, recipe);
    }

    private static boolean isNeverTrained(String weight, Recipe recipe) {
        return recipe.stages().stream().allMatch(stage -> new ParameterGroups(stage).of(weight) == null);
    }

    /// Reads what a checkpoint leaves to the language model's file.
    ///
    /// @param recipe by which the file's values were rounded
    /// @param held names of the checkpoint's own weights
    void read(ModelBundle bundle, Recipe recipe, Set<String> held) {
        var place = places.get(LLM);
        if (place != null) {
            StartingWeights.llm(bundle, place, name -> !held.contains(name), Precisions.of(recipe));
        }
    }

    /// Whether what a checkpoint does not hold may be read from a file.
    boolean mayHold(String weight) { return places.containsKey(LLM) && isOfTheFile(weight); }

    private static boolean isOfTheFile(String weight) { return weight.startsWith(PART) && !LoraAdapter.isPart(weight); }

    /// For the checkpoints of a run: what is known already, at its present place, and what is not.
    ///
    /// @param run its folder
    public References references(Path run) {
        return new References(places.entrySet().stream().map(entry -> reference(entry.getKey(), entry.getValue(), run)).toList());
    }

    private Reference reference(String key, Path place, Path run) {
        var now = Reference.to(key, place, run, files(key, place));
        var before = known.of(key);
        return before == null ? now : new Reference(key, now.place(), now.inside(), before.files());
    }

    /// What numbers depend on: weights and description, of CLIP its tokenizer too.
    private static List<Path> files(String key, Path place) {
        if (!Files.isDirectory(place)) {
            return List.of(place);
        }
        var beside = key.endsWith("clip") ? OF_TOKENIZERS : key.startsWith(TEACHER) ? List.of(DinoFolder.IMAGES) : List.<String>of();
        return Stream.of(FolderTensors.files(place), List.of(place.resolve(FolderTensors.CONFIG)), Lists.transform(beside, place::resolve))
                .flatMap(List::stream).filter(Files::isRegularFile).toList();
    }

    /// A file or folder that is referred to.
    ///
    /// @param place where it is now
    public record Stored(String key, String place, long bytes) {}

    public List<Stored> stored() {
        return known.files().stream()
                .map(file -> new Stored(file.key(), places.getOrDefault(file.key(), Path.of(file.place())).toString(), file.bytes()))
                .toList();
    }

    /// Numbers in the files of the language model; 0 where there is none.
    long parameters() {
        var place = places.get(LLM);
        return place == null ? 0 : SavedModel.parameters(Files.isDirectory(place) ? FolderTensors.weights(place) : place);
    }
}
