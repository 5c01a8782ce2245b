package dev.fusedit.trainer.checkpoint;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;

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
        if (!checkpoint.has(name)) {
            throw new UserError("checkpoint %s: has no %s, only %s. Another version of this program may have written it"
                    .formatted(checkpoint.folder(), name, String.join(", ", checkpoint.names())));
        }
    }
}
