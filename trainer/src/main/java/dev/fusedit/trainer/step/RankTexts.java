package dev.fusedit.trainer.step;

import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import dev.fusedit.torch.TorchException;
import dev.fusedit.torch.distributed.MessageTexts;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.align.ContrastiveLoss.Embedded;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// What the processes of a job tell each other in a step of what they have read: numbers and captions, and what these look like in a common
/// space. Alone it is what one has.
record RankTexts(ProcessGroup ranks) {
    /// Of the counts of all.
    int sum(int own) {
        if (ranks.isAlone()) return own;
        return ranks.gather(written(out -> out.writeInt(own))).stream().mapToInt(said -> ByteStreams.newDataInput(said).readInt()).sum();
    }

    /// Those of all, in the order of their ranks.
    List<String> concatenated(List<String> own) {
        return ranks.isAlone() ? own : gathered(List.of(own)).stream().flatMap(List::stream).toList();
    }

    /// The parts of all processes, in the order of their ranks.
    ///
    /// @param own as many in each process; without a graph
    /// @throws StepOutOfMemory if another process says [#shortage] in its place
    List<Embedded> embedded(List<Embedded> own) {
        var all = gathered(own.stream().map(Embedded::captions).toList());
        return TensorScope.scoped(() -> {
            var image_RW = ranks.gatherRows(Tensor.cat(0, own.stream().map(Embedded::image_RW).toList()));
            var text_RW = ranks.gatherRows(Tensor.cat(0, own.stream().map(Embedded::text_RW).toList()));
            var parts = new ArrayList<Embedded>();
            long at = 0;
            for (var part : all) {
                parts.add(new Embedded(image_RW.narrow(0, at, part.size()), text_RW.narrow(0, at, part.size()), part));
                at += part.size();
            }
            return new Parts(parts);
        }).each();
    }

    /// In place of [#embedded]: memory did not hold what was to be sent.
    ///
    /// @return what all other processes throw
    StepOutOfMemory shortage(TorchException refused) {
        ranks.gather(written(out -> MessageTexts.write(out, StepOutOfMemory.words(ranks, refused))));
        return new StepOutOfMemory(refused);
    }

    private record Parts(List<Embedded> each) implements Tensors {
        @Override
        public Stream<Tensor> tensors() { return each.stream().flatMap(Embedded::tensors); }
    }

    /// Lists of texts of all processes, behind what any lacks memory for.
    ///
    /// @param own as many in each
    private List<List<String>> gathered(List<List<String>> own) {
        return ranks.gather(written(out -> {
            MessageTexts.write(out, "");
            own.forEach(texts -> MessageTexts.writeAll(out, texts));
        })).stream().flatMap(said -> {
            var in = ByteStreams.newDataInput(said);
            var shortage = MessageTexts.read(in);
            if (!shortage.isEmpty()) throw new StepOutOfMemory(shortage);
            return own.stream().map(_ -> MessageTexts.readAll(in)).toList().stream();
        }).toList();
    }

    private static byte[] written(Consumer<ByteArrayDataOutput> body) {
        var out = ByteStreams.newDataOutput();
        body.accept(out);
        return out.toByteArray();
    }
}
