package dev.fusedit.trainer.run;

import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.io.FileInfo;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.checkpoint.References;
import dev.fusedit.trainer.stage.RunState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// What a run has come to, in one number: equal for equal runs, other after every step.
///
/// @param step after which the checkpoint was saved, over all stages
/// @param stage in which it was saved
/// @param parts SHA-256 in hex of each file that counts: weights, average and optimizer state, each as [FileInfo#sha256] has them, and the
///        text of `state.json` (counters of steps, position in the data, loss scale, what rules remember); and of files outside that hold
///        frozen weights, read whole, names, sizes and sums. Recipe, tokenizer, times and places don't count
/// @param whole SHA-256 over the parts and their names
public record CheckpointHash(long step, String stage, Map<String, String> parts, String whole) {
    private static final List<String> TENSORS = List.of(CheckpointFiles.WEIGHTS, CheckpointFiles.AVERAGE, CheckpointFiles.OPTIMIZER);

    /// @param place a run's folder, its `checkpoints`, or a checkpoint
    /// @throws dev.fusedit.torch.UserError if there is none, it is damaged, or a file that it refers to is another
    public static CheckpointHash of(Path place) {
        var checkpoint = Checkpoint.open(Checkpoints.find(place));
        var parts = ImmutableMap.<String, String>builder();
        for (var name : TENSORS) {
            CheckpointFiles.tensors(checkpoint, name).ifPresent(file -> {
                try (file) {
                    parts.put(name, FileInfo.sha256(file));
                }
            });
        }
        var references = References.in(checkpoint.folder());
        if (!references.isEmpty()) {
            parts.put(CheckpointFiles.REFERENCES, references.sha256(checkpoint.folder()));
        }
        var text = CheckpointFiles.text(checkpoint, CheckpointFiles.STATE);
        var state = RunState.parse(text, checkpoint.file(CheckpointFiles.STATE).toString());
        parts.put(CheckpointFiles.STATE, sha256(text));
        var all = parts.buildOrThrow();
        var lines = new StringBuilder();
        all.forEach((name, hash) -> lines.append(name).append(' ').append(hash).append('\n'));
        return new CheckpointHash(state.step(), state.stage(), all, sha256(lines.toString()));
    }

    private static String sha256(String text) { return Hashing.sha256().hashString(text, StandardCharsets.UTF_8).toString(); }
}
