package dev.fusedit.trainer.recipe;

import static dev.fusedit.torch.io.FileFormat.GGUF;
import static dev.fusedit.torch.io.FileFormat.GZIP;
import static dev.fusedit.torch.io.FileFormat.JSON;
import static dev.fusedit.torch.io.FileFormat.PARQUET;
import static dev.fusedit.torch.io.FileFormat.PICKLE;
import static dev.fusedit.torch.io.FileFormat.SAFETENSORS;
import static dev.fusedit.torch.io.FileFormat.TAR;
import static dev.fusedit.torch.io.FileFormat.ZIP;
import static dev.fusedit.torch.io.FileFormat.ZSTD;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileFormat;
import dev.fusedit.torch.io.FolderContents;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.NearFiles;
import dev.fusedit.trainer.data.source.JoinedCaptions;
import dev.fusedit.trainer.data.source.ParquetNames;
import dev.fusedit.trainer.data.shards.ShardAddress;
import dev.fusedit.trainer.data.source.ShardNames;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The files and folders that a recipe names, looked at without reading them: whether each is of the kind that is wanted there, and what is
/// missing before the recipe can be trained.
///
/// @param wrong what is there in place of what is wanted, in sentences
/// @param missing why the recipe can be planned but not trained here, in sentences
public record NamedFiles(List<String> wrong, List<String> missing) {
    /// Looks at all places of a recipe. Relative ones count from where the process was started, as in training.
    public static NamedFiles of(Recipe recipe) {
        var files = new NamedFiles(new ArrayList<>(), new ArrayList<>());
        files.data("data", recipe.data());
        files.weights(recipe);
        recipe.stages().forEach(files::teacher);
        recipe.evaluation().watched().ifPresent(progress -> progress.files().forEach(files::suites));
        return files;
    }

    /// @throws UserError with a line for each that is something else than what is wanted
    public void requireRight() {
        if (!wrong.isEmpty()) throw new UserError(String.join("\n", wrong));
    }

    /// @param key of the data in the recipe
    private void data(String key, Data data) {
        switch (data) {
            case Data.Blocks _ -> {}
            case Data.Images images -> images(key, images);
            case Data.Mixture mixture ->
                    mixture.sources().forEach(source -> data(key + ".sources." + source.name() + ".data", source.data()));
        }
    }

    private void images(String key, Data.Images data) {
        switch (data) {
            case Data.Folder folder -> {
                if (there(key + ".path", folder.path()) && !Files.isDirectory(Path.of(folder.path()))) {
                    wrong.add(key + ".path: "
                            + FileFormat.of(Path.of(folder.path())).insteadOf("a folder of images", folder.path()).getMessage());
                }
            }
            case Data.WebDataset shards -> shards(key + ".shards", shards.shards());
            case Data.Parquet tables -> ends(key + ".files", tables.files(), ParquetNames::files, "a Parquet table", PARQUET);
        }
        var more = data.captionsFrom();
        if (more == null || JoinedCaptions.isLines(Path.of(more.file())) && !there(key + ".captions_from.file", more.file())) return;
        if (!JoinedCaptions.isLines(Path.of(more.file())))
            ends(key + ".captions_from.file", List.of(more.file()), ParquetNames::files, "a table of captions (Parquet, *.jsonl, *.csv)",
                    PARQUET);
    }

    /// Looks at the first and the last file of each pattern.
    private void ends(String key, List<String> patterns, Function<List<String>, List<Path>> files, String wanted, FileFormat right) {
        for (var pattern : patterns) {
            try {
                var all = files.apply(List.of(pattern));
                for (var file : new LinkedHashSet<>(List.of(all.getFirst(), all.getLast())))
                    file(key, file.toString(), wanted, Set.of(right));
            } catch (UserError e) {
                wrong.add(key + ": " + e.getMessage());
            }
        }
    }

    private void shards(String key, List<String> patterns) {
        for (var pattern : patterns) {
            try {
                var addresses = ShardNames.shards(List.of(pattern));
                new LinkedHashSet<>(List.of(addresses.getFirst(), addresses.getLast())).forEach(address -> shard(key, address));
            } catch (UserError e) {
                wrong.add(key + ": " + e.getMessage());
            }
        }
    }

    /// What is elsewhere is not asked for.
    private void shard(String key, ShardAddress address) {
        switch (address) {
            case ShardAddress.Local(var file) -> file(key, file.toString(), "a tar archive", Set.of(TAR, GZIP, ZSTD));
            case ShardAddress.Http _ -> {}
            case ShardAddress.Piped _ -> {}
        }
    }

    private void weights(Recipe recipe) {
        var weights = recipe.weights();
        var model = recipe.model();
        boolean isWhole = weights.model() != null;
        if (isWhole && !Files.isDirectory(Path.of(weights.model())))
            file("weights.model", weights.model(), "a file of tensors", Set.of(SAFETENSORS, ZIP, PICKLE, ZSTD, JSON));
        if (weights.llm() != null && Files.isDirectory(Path.of(weights.llm()))) folder("weights.llm", weights.llm());
        else if (weights.llm() != null) file("weights.llm", weights.llm(), "a GGUF file or a folder", Set.of(GGUF));
        folder("weights.vae", weights.vae());
        folder("weights.clip", weights.clip());
        if (weights.tokenizer() != null && !Files.isDirectory(Path.of(weights.tokenizer())))
            file("weights.tokenizer", weights.tokenizer(), "a tokenizer.json", Set.of(JSON, GZIP));
        if (model.vae() != null && weights.vae() == null) missing.add("weights.vae is not given, and model.vae is '" + model.vae() + "'");
        if (model.clip() != null && weights.clip() == null)
            missing.add("weights.clip is not given, and model.clip is '" + model.clip() + "'");
        switch (model.llm()) {
            case LanguageModelRecipe.Custom _ -> {}
            case LanguageModelRecipe.Pretrained named -> pretrained(named, weights, isWhole);
        }
    }

    private void pretrained(LanguageModelRecipe.Pretrained named, WeightFiles weights, boolean isWhole) {
        if (weights.llm() == null && !isWhole) missing.add("weights.llm is not given, and model.llm is '" + named.called() + "'");
        boolean beside = weights.llm() != null && Files.isDirectory(Path.of(weights.llm()));
        if (weights.tokenizer() == null && !beside)
            missing.add("weights.tokenizer is not given, and model.llm is '" + named.called() + "'");
    }

    private void teacher(Stage stage) {
        var repa = stage.losses().repa();
        if (repa == null) return;
        var key = "stages." + stage.name() + ".losses.repa.teacher.path";
        switch (repa.teacher()) {
            case Losses.Teacher.Trained(var path) -> there(key, path);
            case Losses.Teacher.Random _ -> {}
            case Losses.Teacher.DinoV2(var path) -> folder(key, path);
        }
    }

    private void suites(SuiteFile file, Path path) {
        var key = "evaluation.progress." + file.key();
        if (file == SuiteFile.CLIP_MODEL || file == SuiteFile.DINO_MODEL) folder(key, path.toString());
        else there(key, path.toString());
    }

    // ---- places

    private boolean there(String key, String path) {
        boolean is = Files.exists(Path.of(path));
        if (!is) missing.add(key + ": " + path + ": no such file or folder" + NearFiles.hint(Path.of(path)));
        return is;
    }

    private void file(String key, String path, String wanted, Set<FileFormat> right) {
        var file = Path.of(path);
        if (!there(key, path)) return;
        if (Files.isDirectory(file)) {
            wrong.add(key + ": " + path + " is a folder, not " + wanted + "; it holds " + FolderContents.of(file));
            return;
        }
        var format = FileFormat.of(file);
        if (!right.contains(format)) wrong.add(key + ": " + format.insteadOf(wanted, path).getMessage());
    }

    /// A model's, in Hugging Face's form.
    private void folder(String key, @Nullable String path) {
        if (path == null || !there(key, path)) return;
        var folder = Path.of(path);
        if (!Files.isDirectory(folder)) wrong.add(key + ": " + FileFormat.of(folder).insteadOf("a model's folder", path).getMessage());
        else if (!Files.isRegularFile(folder.resolve(FolderTensors.CONFIG)))
            wrong.add(key + ": " + path + " has no " + FolderTensors.CONFIG + ", a model's folder is wanted; it holds "
                    + FolderContents.of(folder));
    }
}
