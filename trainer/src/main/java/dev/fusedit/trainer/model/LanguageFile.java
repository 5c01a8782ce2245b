package dev.fusedit.trainer.model;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.util.concurrent.UncheckedExecutionException;
import dev.fusedit.fusion.llm.LanguageModelConfig;
import dev.fusedit.fusion.llm.LanguageModels;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FolderTensors;
import dev.fusedit.torch.io.TensorInfo;
import dev.fusedit.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

/// What a file of `weights.llm` says of its language model: without reading a weight, and once for each state of the file, since a GGUF file begins
/// with its whole vocabulary.
///
/// @param dtype that all of its matrices are stored in; f32 for quantised ones, which are read as that, and where they differ
record LanguageFile(LanguageModelConfig config, DType dtype) {
    private static final Cache<State, LanguageFile> READ = CacheBuilder.newBuilder().maximumSize(4).build();

    /// A place as it is now: its files, their sizes and times.
    private record State(List<String> files) {
        static State of(Path place) throws IOException {
            var all = new ArrayList<>(List.of(place));
            if (Files.isDirectory(place)) {
                all.add(place.resolve(FolderTensors.CONFIG));
                all.addAll(FolderTensors.files(place));
            }
            var stamps = new ArrayList<String>();
            for (var file : all) {
                stamps.add("%s %d %s".formatted(file.toAbsolutePath(), Files.size(file), Files.getLastModifiedTime(file)));
            }
            return new State(stamps);
        }
    }

    /// That of a recipe; none where it names no such file, or the file is not there, which is told by whoever reads its weights.
    ///
    /// @throws UserError if it is broken, or of an architecture that is not known here
    static Optional<LanguageFile> of(Recipe recipe) {
        var named = recipe.weights().llmFile();
        return named == null || !Files.exists(Path.of(named)) ? Optional.empty() : Optional.of(read(Path.of(named)));
    }

    private static LanguageFile read(Path place) {
        try {
            return READ.get(State.of(place), () -> opened(place));
        } catch (IOException e) {
            return opened(place); // says what is wrong
        } catch (UncheckedExecutionException | ExecutionException e) {
            if (e.getCause() instanceof UserError wrong) throw wrong;
            throw new IllegalStateException(e.getCause());
        }
    }

    private static LanguageFile opened(Path place) {
        try (var stored = LanguageModels.open(place)) {
            var dtypes =
                    stored.tensors().tensors().values().stream().filter(info -> info.shape().length > 1).map(TensorInfo::dtype).distinct()
                            .toList();
            return new LanguageFile(stored.config(), dtypes.size() == 1 ? dtypes.getFirst() : DType.F32);
        }
    }
}
