package dev.fusedit.trainer.stage;

import com.google.common.io.ByteArrayDataInput;
import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.distributed.MessageTexts;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.torch.io.ShardedWriter;
import dev.fusedit.torch.io.WriteFailure;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.Parts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// What the processes of a run remember of their own parameters, written into a checkpoint by each itself: `ema-00002-of-00004.safetensors`,
/// `optimizer-00002-of-00004.safetensors`.
///
/// @param ranks what each has to say, in the order of their ranks
public record RankFiles(List<Answer> ranks) {
    private static final Map<String, String> METADATA = Map.of("format", "pt");

    /// What one process says.
    public sealed interface Answer {
        /// @param files that it has written
        record Written(List<File> files) implements Answer {}

        /// It does not see the folder that rank 0 has made.
        record Unseen() implements Answer {}

        /// @param why in words of a person
        record Failed(String why) implements Answer {}
    }

    /// A part.
    ///
    /// @param of the file of a checkpoint that it is a part of
    /// @param tensors their bytes by their names
    public record File(String of, Parts.Part part, Map<String, Long> tensors) {}

    /// Names of all parts that there may be.
    public static List<String> names(int processes) {
        return IntStream.range(0, processes).boxed().flatMap(rank -> List.of(CheckpointFiles.AVERAGE, CheckpointFiles.OPTIMIZER).stream()
                .map(name -> CheckpointFiles.part(name, rank, processes))).toList();
    }

    /// Each process writes its own, and hears what has come of the others'. All of them call it; training waits.
    ///
    /// @param folder that rank 0 has made
    /// @param remembered here
    public static RankFiles write(Path folder, RunTensors.Remembered remembered, ProcessGroup group) {
        var own = own(folder, remembered, group);
        return new RankFiles(group.gather(bytes(own)).stream().map(RankFiles::answer).toList());
    }

    private static Answer own(Path folder, RunTensors.Remembered remembered, ProcessGroup group) {
        try {
            if (!Parts.isSeen(folder)) return new Answer.Unseen();
            var written = new ArrayList<File>();
            write(CheckpointFiles.AVERAGE, remembered.averages(), folder, group).ifPresent(written::add);
            write(CheckpointFiles.OPTIMIZER, remembered.moments(), folder, group).ifPresent(written::add);
            return new Answer.Written(written);
        } catch (IOException e) {
            return new Answer.Failed(WriteFailure.causeAndRemedy(e));
        } catch (RuntimeException e) { // whatever it is: the others are not to wait
            return new Answer.Failed(String.valueOf(e.getMessage()));
        }
    }

    private static Optional<File> write(String of, Map<String, Tensor> tensors, Path folder, ProcessGroup group) throws IOException {
        if (tensors.isEmpty()) return Optional.empty();
        var part = Parts.write(folder, CheckpointFiles.part(of, group.rank(), group.size()),
                out -> SafeTensors.write(out, tensors, METADATA));
        return Optional.of(new File(of, part, sizes(tensors)));
    }

    private static Map<String, Long> sizes(Map<String, Tensor> tensors) {
        var sizes = new LinkedHashMap<String, Long>();
        tensors.forEach((name, tensor) -> sizes.put(name, tensor.numel() * tensor.dtype().bytes()));
        return sizes;
    }

    /// Why they are not all there, in a sentence without its end; empty if they are.
    public Optional<String> failure() {
        return IntStream.range(0, ranks.size()).mapToObj(rank -> switch (ranks.get(rank)) {
            case Answer.Written written -> "";
            case Answer.Unseen unseen -> "rank %d does not see the run's folder of rank 0".formatted(rank);
            case Answer.Failed failed -> "rank %d cannot write its part: %s".formatted(rank, failed.why());
        }).filter(why -> !why.isEmpty()).findFirst();
    }

    /// Whether a process has another folder under the run's name: it will not see the next one either.
    public boolean isApart() {
        return ranks.stream().anyMatch(answer -> switch (answer) {
            case Answer.Unseen unseen -> true;
            case Answer.Written written -> false;
            case Answer.Failed failed -> false;
        });
    }

    private List<File> files() {
        return ranks.stream().flatMap(answer -> switch (answer) {
            case Answer.Written written -> written.files().stream();
            case Answer.Unseen unseen -> throw new IllegalStateException("not all there");
            case Answer.Failed failed -> throw new IllegalStateException("not all there");
        }).toList();
    }

    /// All of them, where none has failed.
    public Parts parts(Path folder) { return new Parts(folder, files().stream().map(File::part).toList()); }

    /// The index of a file's parts; empty where no process had anything to write into it.
    public Optional<String> index(String name) {
        var files = files().stream().filter(file -> file.of().equals(name)).toList();
        if (files.isEmpty()) return Optional.empty();
        var places = new TreeMap<String, String>();
        files.forEach(file -> file.tensors().keySet().forEach(tensor -> places.put(tensor, file.part().name())));
        long bytes = files.stream().flatMap(file -> file.tensors().values().stream()).mapToLong(Long::longValue).sum();
        return Optional.of(ShardedWriter.index(places, bytes));
    }

    // ---- as a message

    private static byte[] bytes(Answer answer) {
        var out = ByteStreams.newDataOutput();
        switch (answer) {
            case Answer.Written(var files) -> {
                out.writeByte(0);
                out.writeInt(files.size());
                files.forEach(file -> write(out, file));
            }
            case Answer.Unseen() -> out.writeByte(1);
            case Answer.Failed(var why) -> {
                out.writeByte(2);
                MessageTexts.write(out, why);
            }
        }
        return out.toByteArray();
    }

    private static void write(ByteArrayDataOutput out, File file) {
        MessageTexts.writeAll(out, List.of(file.of(), file.part().name(), file.part().crc32c()));
        out.writeLong(file.part().bytes());
        MessageTexts.writeAll(out, List.copyOf(file.tensors().keySet()));
        file.tensors().values().forEach(out::writeLong);
    }

    private static Answer answer(byte[] bytes) {
        var in = ByteStreams.newDataInput(bytes);
        int kind = in.readByte();
        return switch (kind) {
            case 0 -> new Answer.Written(IntStream.range(0, in.readInt()).mapToObj(_ -> file(in)).toList());
            case 1 -> new Answer.Unseen();
            case 2 -> new Answer.Failed(MessageTexts.read(in));
            default -> throw new IllegalStateException("a rank gave answer " + kind);
        };
    }

    private static File file(ByteArrayDataInput in) {
        var texts = MessageTexts.readAll(in);
        long bytes = in.readLong();
        var tensors = new LinkedHashMap<String, Long>();
        for (var name : MessageTexts.readAll(in)) tensors.put(name, 0L);
        tensors.replaceAll((name, none) -> in.readLong());
        return new File(texts.get(0), new Parts.Part(texts.get(1), bytes, texts.get(2)), tensors);
    }
}
