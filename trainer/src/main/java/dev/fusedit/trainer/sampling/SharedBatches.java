package dev.fusedit.trainer.sampling;

import static com.google.common.base.Preconditions.checkState;

import com.google.common.io.ByteStreams;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.distributed.MessageTexts;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.torch.distributed.Word;
import dev.fusedit.trainer.sampling.ImageSampler.SeededPrompt;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Batches of images that the processes of a job sample side by side: rank 0 says which, each takes one, and rank 0 gets all of them. A batch
/// has the prompts and seeds that it has in one process, so its images are the same.
///
/// @param own samples a batch here, with a model that all processes have
record SharedBatches(ProcessGroup group, Function<List<SeededPrompt>, List<byte[]>> own) {
    /// On rank 0: the images of all, in order.
    ///
    /// @param batches one for each process at most
    List<byte[]> sample(List<List<SeededPrompt>> batches) {
        if (group.isAlone()) return own.apply(batches.getFirst());
        group.tell(bytes(batches));
        var images = round(batches);
        checkState(images.size() == batches.stream().mapToInt(List::size).sum(), "a process has sampled nothing: see what it says");
        return images;
    }

    /// In the others: samples what rank 0 says, to its end.
    ///
    /// @return the status of rank 0's process
    int follow() {
        while (true) {
            switch (group.hear()) {
                case Word.Message(var bytes) -> round(batches(bytes));
                case Word.End(int status) -> {
                    return status;
                }
            }
        }
    }

    /// Who fails has to say so too, or the others would wait.
    private List<byte[]> round(List<List<SeededPrompt>> batches) {
        List<byte[]> made = List.of();
        try {
            if (group.rank() < batches.size()) made = own.apply(batches.get(group.rank()));
        } catch (RuntimeException e) {
            group.gather(joined(List.of()));
            throw e;
        }
        return group.gather(joined(made)).stream().flatMap(bytes -> images(bytes).stream()).toList();
    }

    private static byte[] joined(List<byte[]> images) {
        var out = ByteStreams.newDataOutput();
        out.writeInt(images.size());
        for (var image : images) {
            out.writeInt(image.length);
            out.write(image);
        }
        return out.toByteArray();
    }

    private static List<byte[]> images(byte[] joined) {
        var in = ByteStreams.newDataInput(joined);
        var images = new ArrayList<byte[]>();
        for (int left = in.readInt(); left > 0; left--) {
            var image = new byte[in.readInt()];
            in.readFully(image);
            images.add(image);
        }
        return images;
    }

    private static byte[] bytes(List<List<SeededPrompt>> batches) {
        var out = ByteStreams.newDataOutput();
        out.writeInt(batches.size());
        for (var batch : batches) {
            out.writeInt(batch.size());
            for (var prompt : batch) {
                MessageTexts.write(out, prompt.prompt());
                out.writeLong(prompt.noise().value());
            }
        }
        return out.toByteArray();
    }

    private static List<List<SeededPrompt>> batches(byte[] bytes) {
        var in = ByteStreams.newDataInput(bytes);
        var batches = new ArrayList<List<SeededPrompt>>();
        for (int left = in.readInt(); left > 0; left--) {
            var batch = new ArrayList<SeededPrompt>();
            for (int prompts = in.readInt(); prompts > 0; prompts--) {
                batch.add(new SeededPrompt(MessageTexts.read(in), Seed.of(in.readLong())));
            }
            batches.add(batch);
        }
        return batches;
    }
}
