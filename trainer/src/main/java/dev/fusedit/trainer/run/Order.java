package dev.fusedit.trainer.run;

import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import dev.fusedit.torch.distributed.ProcessGroup;
import java.nio.charset.StandardCharsets;
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

    /// Ends.
    ///
    /// @param status of rank 0's process
    record End(int status) implements Order {}

    /// Told by rank 0 to all others; by itself it tells nobody.
    static void give(ProcessGroup group, Order order) {
        if (!group.isAlone()) group.fromFirst(bytes(order));
    }

    /// The next one, for which the other processes wait.
    static Order take(ProcessGroup group) { return of(group.fromFirst(new byte[0])); }

    private static byte[] bytes(Order order) {
        var out = ByteStreams.newDataOutput();
        switch (order) {
            case Start(var recipe, var folder, var checkpoint) -> {
                out.writeByte(0);
                write(out, recipe);
                write(out, folder.toString());
                write(out, checkpoint.map(Path::toString).orElse(""));
            }
            case Stage(int stage, long first, boolean restored) -> {
                out.writeByte(1);
                out.writeInt(stage);
                out.writeLong(first);
                out.writeBoolean(restored);
            }
            case Step() -> out.writeByte(2);
            case Remembered(boolean moments) -> {
                out.writeByte(4);
                out.writeBoolean(moments);
            }
            case End(int status) -> {
                out.writeByte(3);
                out.writeInt(status);
            }
        }
        return out.toByteArray();
    }

    private static Order of(byte[] bytes) {
        var in = ByteStreams.newDataInput(bytes);
        int kind = in.readByte();
        return switch (kind) {
            case 0 -> new Start(read(in), Path.of(read(in)), Optional.of(read(in)).filter(text -> !text.isEmpty()).map(Path::of));
            case 1 -> new Stage(in.readInt(), in.readLong(), in.readBoolean());
            case 2 -> new Step();
            case 3 -> new End(in.readInt());
            case 4 -> new Remembered(in.readBoolean());
            default -> throw new IllegalStateException("rank 0 gave order " + kind);
        };
    }

    private static void write(ByteArrayDataOutput out, String text) {
        var utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    private static String read(com.google.common.io.ByteArrayDataInput in) {
        var utf8 = new byte[in.readInt()];
        in.readFully(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
