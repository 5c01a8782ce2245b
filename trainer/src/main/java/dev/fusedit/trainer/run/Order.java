package dev.fusedit.trainer.run;

import com.google.common.io.ByteStreams;
import dev.fusedit.torch.distributed.MessageTexts;
import java.nio.file.Path;
import java.util.Optional;

/// What rank 0 has the other processes of a run do next. It alone decides when a run begins, steps, saves, pauses and ends; the others do as
/// they are told, and wait for the next word while it validates, samples and scores.
sealed interface Order {
    /// Builds the run, and takes rank 0's weights.
    ///
    /// @param recipe canonical, with nothing left to the machine
    /// @param folder of the run
    /// @param checkpoint that it goes on from; empty for its first step
    record Start(String recipe, Path folder, Optional<Path> checkpoint) implements Order {}

    /// Begins a stage.
    ///
    /// @param stage its index
    /// @param first step of it, from 0
    /// @param restored whether its rules go on from the checkpoint
    record Stage(int stage, long first, boolean restored) implements Order {}

    /// Does the next step of the stage.
    record Step() implements Order {}

    /// Sends rank 0 what average and optimizer remember here.
    ///
    /// @param moments whether the optimizer's is wanted too
    record Remembered(boolean moments) implements Order {}

    /// Writes what average and optimizer remember here into a checkpoint to be.
    ///
    /// @param folder that rank 0 has made
    record Shards(Path folder) implements Order {}

    static byte[] bytes(Order order) {
        var out = ByteStreams.newDataOutput();
        switch (order) {
            case Start(var recipe, var folder, var checkpoint) -> {
                out.writeByte(0);
                MessageTexts.write(out, recipe);
                MessageTexts.write(out, folder.toString());
                MessageTexts.write(out, checkpoint.map(Path::toString).orElse(""));
            }
            case Stage(int stage, long first, boolean restored) -> {
                out.writeByte(1);
                out.writeInt(stage);
                out.writeLong(first);
                out.writeBoolean(restored);
            }
            case Step() -> out.writeByte(2);
            case Remembered(boolean moments) -> {
                out.writeByte(3);
                out.writeBoolean(moments);
            }
            case Shards(var folder) -> {
                out.writeByte(4);
                MessageTexts.write(out, folder.toString());
            }
        }
        return out.toByteArray();
    }

    static Order of(byte[] bytes) {
        var in = ByteStreams.newDataInput(bytes);
        int kind = in.readByte();
        return switch (kind) {
            case 0 -> new Start(MessageTexts.read(in), Path.of(MessageTexts.read(in)),
                    Optional.of(MessageTexts.read(in)).filter(text -> !text.isEmpty()).map(Path::of));
            case 1 -> new Stage(in.readInt(), in.readLong(), in.readBoolean());
            case 2 -> new Step();
            case 3 -> new Remembered(in.readBoolean());
            case 4 -> new Shards(Path.of(MessageTexts.read(in)));
            default -> throw new IllegalStateException("rank 0 gave order " + kind);
        };
    }
}
