package dev.fusedit.trainer.checkpoint;

import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TensorFiles;
import dev.fusedit.torch.io.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// The files of a run's checkpoint. Two equal runs leave equal ones, but for [#TIMES] and the manifest with its sum.
public final class CheckpointFiles {
    /// In its canonical form.
    public static final String RECIPE = "recipe.yaml";
    public static final String WORDS = "tokenizer.json";
    /// The language model, in the fields of `config.json`; there only where the files that the run began with said more of it than its
    /// recipe does.
    public static final String LLM = "language_model.json";
    /// The masters of all weights, but for those that [#REFERENCES] are to.
    public static final String WEIGHTS = "model.safetensors";
    /// Of what learns under an average.
    public static final String AVERAGE = "ema.safetensors";
    /// The optimizer's tensors: `NAME.exp_avg` and the like.
    public static final String OPTIMIZER = "optimizer.safetensors";
    /// Files outside of the checkpoint that hold the weights which are not in it.
    public static final String REFERENCES = "references.json";
    /// Of one's own images: how many there are, and a digest of their names and sizes.
    public static final String DATA = "data.json";
    public static final String STATE = "state.json";
    public static final String TIMES = "times.json";

    private CheckpointFiles() {}

    /// Where several processes have written what one of these files would hold, each its own part: the parts' index, as Hugging Face's
    /// libraries have it.
    public static String index(String name) { return name + ".index.json"; }

    /// The part that one of several processes has written: `ema-00002-of-00004.safetensors`.
    public static String part(String name, int rank, int processes) {
        return String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", name.substring(0, name.indexOf('.')), rank + 1, processes);
    }

    /// One of the files of tensors, in one piece or in parts; empty if the checkpoint has none.
    public static Optional<TensorSource> tensors(Checkpoint checkpoint, String name) {
        return Stream.of(name, index(name)).filter(checkpoint::has).findFirst().map(file -> TensorFiles.open(checkpoint.file(file)));
    }

    /// As [#tensors], of one that must be there.
    ///
    /// @throws UserError if it is not
    public static TensorSource requiredTensors(Checkpoint checkpoint, String name) {
        return tensors(checkpoint, name).orElseThrow(() -> missing(checkpoint, name));
    }

    /// @throws UserError if the checkpoint has no such file: one that another version of the program wrote
    public static String text(Checkpoint checkpoint, String name) {
        requireIn(checkpoint, name);
        try {
            return Files.readString(checkpoint.file(name));
        } catch (IOException e) {
            throw new UserError("%s cannot be read: %s".formatted(checkpoint.file(name), e.getMessage()), e);
        }
    }

    public static void requireIn(Checkpoint checkpoint, String name) {
        if (!checkpoint.has(name)) throw missing(checkpoint, name);
    }

    private static UserError missing(Checkpoint checkpoint, String name) {
        return new UserError("checkpoint %s: has no %s, only %s. Another version of this program may have written it"
                .formatted(checkpoint.folder(), name, String.join(", ", checkpoint.names())));
    }
}
