package dev.fusedit.trainer.stage;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.data.Batches;
import dev.fusedit.trainer.data.BlankBatches;
import dev.fusedit.trainer.data.BlocksBatches;
import dev.fusedit.trainer.data.ReferenceBatches;
import dev.fusedit.trainer.data.MixedBatches;
import dev.fusedit.trainer.data.SourceBatches;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Which images a run trains on, as a checkpoint notes it: a run goes on with the same ones, or positions would mean others.
///
/// @param samples that are trained on
/// @param held kept for validation
/// @param digest of names and sizes of all that is there
public record DataMark(int samples, int held, String digest) {
    /// None for data that is drawn.
    public static Optional<DataMark> of(Batches data) {
        return switch (data) {
            case SourceBatches own -> Optional.of(
                    new DataMark(own.split().trained().size(), own.split().held().size(), own.split().source().digest()));
            case ReferenceBatches own -> of(own.images());
            case MixedBatches mixed -> mixed.parts().stream().map(part -> of(part.batches())).flatMap(Optional::stream)
                    .reduce(DataMark::and);
            case BlocksBatches _ -> Optional.empty();
            case BlankBatches _ -> Optional.empty();
        };
    }

    private DataMark and(DataMark other) {
        return new DataMark(samples + other.samples, held + other.held,
                Hashing.sha256().hashString(digest + other.digest, StandardCharsets.UTF_8).toString().substring(0, 16));
    }

    String text() {
        return JsonNodeFactory.instance.objectNode().put("samples", samples).put("held", held).put("digest", digest).toPrettyString()
                + "\n";
    }

    /// @throws UserError if the images are not those that the checkpoint's run was trained on
    public static void requireSame(Checkpoint checkpoint, Batches data) {
        if (!checkpoint.has(CheckpointFiles.DATA)) return;
        var before =
                JsonFile.record(CheckpointFiles.text(checkpoint, CheckpointFiles.DATA), checkpoint.file(CheckpointFiles.DATA).toString(),
                        DataMark.class, "Resume from another checkpoint");
        of(data).filter(now -> !now.equals(before)).ifPresent(now -> {
            throw new UserError(
                    ("the images have changed since checkpoint %s: %d were trained on and %d held out, now %d and %d%s. Put back what "
                            + "was there, or begin a new run with weights.model of this one").formatted(checkpoint.folder(), before.samples,
                                    before.held,
                                    now.samples, now.held, before.digest.equals(now.digest) ? "" : "; names or sizes of files differ"));
        });
    }
}
