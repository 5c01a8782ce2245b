package dev.fusedit.trainer.step;

import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.align.ContrastiveLoss.Embedded;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

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
        return ranks.isAlone() ? own : ranks.gather(bytes(own)).stream().flatMap(said -> texts(said).stream()).toList();
    }

    /// The parts of all processes, in the order of their ranks.
    ///
    /// @param own as many in each process; without a graph
    List<Embedded> embedded(List<Embedded> own) {
        var captions = new ArrayList<List<String>>();
        for (var part : own) captions.add(part.captions());
        var all = gathered(captions);
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

    private record Parts(List<Embedded> each) implements dev.fusedit.torch.Tensors {
        @Override
        public java.util.stream.Stream<Tensor> tensors() { return each.stream().flatMap(Embedded::tensors); }
    }

    /// Lists of captions of all processes' parts.
    private List<List<String>> gathered(List<List<String>> own) {
        return ranks.gather(written(out -> own.forEach(part -> {
            out.writeInt(bytes(part).length);
            out.write(bytes(part));
        }))).stream().flatMap(said -> {
            var in = ByteStreams.newDataInput(said);
            var parts = new ArrayList<List<String>>();
            for (int i = 0; i < own.size(); i++) {
                var part = new byte[in.readInt()];
                in.readFully(part);
                parts.add(texts(part));
            }
            return parts.stream();
        }).toList();
    }

    private static byte[] bytes(List<String> texts) {
        return written(out -> {
            out.writeInt(texts.size());
            for (var text : texts) {
                var utf8 = text.getBytes(StandardCharsets.UTF_8);
                out.writeInt(utf8.length);
                out.write(utf8);
            }
        });
    }

    private static List<String> texts(byte[] bytes) {
        var in = ByteStreams.newDataInput(bytes);
        var texts = new ArrayList<String>();
        for (int left = in.readInt(); left > 0; left--) {
            var utf8 = new byte[in.readInt()];
            in.readFully(utf8);
            texts.add(new String(utf8, StandardCharsets.UTF_8));
        }
        return texts;
    }

    private static byte[] written(java.util.function.Consumer<ByteArrayDataOutput> body) {
        var out = ByteStreams.newDataOutput();
        body.accept(out);
        return out.toByteArray();
    }
}
