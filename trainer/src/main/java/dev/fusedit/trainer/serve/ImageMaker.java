package dev.fusedit.trainer.serve;

import com.google.common.base.Throwables;
import dev.fusedit.fusion.flow.FlowSampler;
import dev.fusedit.fusion.pipeline.RequestCheck;
import dev.fusedit.torch.MemoryShortage;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.PngImage;
import dev.fusedit.trainer.serve.ImageJob.Event;
import dev.fusedit.trainer.serve.ImageQueue.Place;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/// Makes what waits, batch after batch, on the thread that owns the model.
final class ImageMaker {
    private final ServedModel model;
    private final ImageQueue queue;
    private final ServeMetrics metrics;

    ImageMaker(ServedModel model, ImageQueue queue, ServeMetrics metrics) {
        this.model = model;
        this.queue = queue;
        this.metrics = metrics;
    }

    /// Nobody waits for any image of the batch.
    private static final class Abandoned extends RuntimeException {
        private static final long serialVersionUID = 1;

        Abandoned() { super("all clients of a batch went away", null, false, false); }
    }

    /// Until the queue is drained.
    void run() {
        try {
            int most = model.pipeline().defaults().batch();
            for (var batch = queue.next(most); !batch.isEmpty(); batch = queue.next(most)) make(batch);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void make(List<Place> batch) {
        var jobs = new LinkedHashSet<>(batch.stream().map(Place::job).toList());
        long began = System.nanoTime();
        try (var _ = TensorScope.open()) {
            for (var job : jobs) if (job.begins()) job.tell(new Event.Began(warnings(job)));
            tell(batch, generate(batch));
            double seconds = (System.nanoTime() - began) / 1e9;
            queue.took(batch.size(), seconds);
            metrics.batch(batch.size(), seconds);
        } catch (Abandoned _) {
            metrics.abandoned(batch.size());
        } catch (RuntimeException e) {
            jobs.forEach(job -> job.tell(new Event.Failed(e)));
        } catch (OutOfMemoryError e) {
            var full = new UserError(MemoryShortage.ofJava(e), e);
            jobs.forEach(job -> job.tell(new Event.Failed(full)));
        } catch (Error e) { // told to who waits, before it ends the server
            jobs.forEach(job -> job.tell(new Event.Failed(new IllegalStateException(Throwables.getRootCause(e).toString(), e))));
            throw e;
        }
    }

    /// On this thread: tokenizers are no other's.
    private List<String> warnings(ImageJob job) {
        var warnings = new ArrayList<>(RequestCheck.unread(model.pipeline().pipeline(), job.request()));
        var unknown = model.pipeline().pipeline().tokenizer().unknown(job.prompt());
        if (!unknown.isEmpty()) warnings.add("The model has never read: " + String.join(", ", unknown));
        return warnings;
    }

    private List<byte[]> generate(List<Place> batch) {
        var first = batch.getFirst().job().request();
        var request = first.prompts(batch.stream().map(place -> place.job().prompt()).toList()).batch(batch.size())
                .seeds(batch.stream().map(place -> place.job().noise(place.image())).toList());
        return model.pipeline().pipeline().generate(request, (place, step) -> after(batch, place, step)).bytes();
    }

    private void after(List<Place> batch, int first, FlowSampler.Step step) {
        if (batch.stream().allMatch(place -> place.job().isAbandoned())) throw new Abandoned();
        int done = step.number() + 1;
        var wanted = new ArrayList<Integer>();
        for (int row = 0; row < step.latents().size(0); row++) {
            var place = batch.get(first + row);
            place.job().tell(new Event.Step(place.image(), done));
            if (place.job().previewAfter(done) >= 0 && !place.job().isAbandoned()) wanted.add(row);
        }
        if (!wanted.isEmpty()) show(batch, first, step, wanted);
    }

    private void show(List<Place> batch, int first, FlowSampler.Step step, List<Integer> rows) {
        try (var _ = TensorScope.open()) {
            var predicted = step.predicted();
            var some = Tensor.cat(0, rows.stream().map(row -> predicted.narrow(0, row, 1)).toList());
            var shown = model.pipeline().pipeline().decoded(some).bytes();
            for (int i = 0; i < rows.size(); i++) {
                var place = batch.get(first + rows.get(i));
                int done = step.number() + 1;
                place.job().show(new Event.Preview(place.image(), place.job().previewAfter(done), done, image(place, shown.get(i))));
            }
        }
    }

    private static PngImage image(Place place, byte[] rgb) {
        var settings = place.job().request().settings();
        return new PngImage(settings.width(), settings.height(), rgb);
    }

    private static void tell(List<Place> batch, List<byte[]> images) {
        for (int i = 0; i < batch.size(); i++) {
            var place = batch.get(i);
            place.job().tell(new Event.Made(place.image(), image(place, images.get(i))));
        }
    }
}
