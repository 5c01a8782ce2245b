package dev.fusedit.trainer.serve;

import dev.fusedit.fusion.pipeline.ImageRequest;
import dev.fusedit.fusion.pipeline.InitialNoise;
import dev.fusedit.fusion.pipeline.SamplingSettings;
import dev.fusedit.torch.Seed;
import dev.fusedit.trainer.log.PngImage;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The images of one request, from the queue to whoever waits for them. The maker's thread tells, the connection's listens.
final class ImageJob {
    /// Of a client that reads too slowly, previews are left out: they would fill the memory.
    private static final int MOST_UNREAD = 64;

    private final ImageRequest request;
    private final Seed seed;
    private final int previews;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private volatile boolean abandoned;
    /// The maker's.
    private boolean begun;

    /// What becomes of it. Images are counted from 0.
    sealed interface Event {
        /// The first image is begun.
        ///
        /// @param warnings what of the request has no effect
        record Began(List<String> warnings) implements Event {}

        /// @param steps done
        record Step(int image, int steps) implements Event {}

        /// @param number of the preview, from 0
        /// @param steps done
        record Preview(int image, int number, int steps, PngImage seen) implements Event {}

        record Made(int image, PngImage made) implements Event {}

        record Failed(RuntimeException cause) implements Event {}
    }

    /// @param request of one prompt
    /// @param seed of all its images, from which theirs follow
    /// @param previews of the predicted image, evenly spread over the steps
    ImageJob(ImageRequest request, Seed seed, int previews) {
        this.request = request;
        this.seed = seed;
        this.previews = previews;
    }

    ImageRequest request() { return request; }

    Seed seed() { return seed; }

    int images() { return request.images(); }

    String prompt() { return request.prompts().texts().getFirst(); }

    /// By which `sample` makes an image alone.
    Seed alone(int image) { return InitialNoise.alone(seed, image); }

    Seed noise(int image) { return InitialNoise.ofImage(seed, image); }

    /// What requests have to agree in to be made together.
    record Way(SamplingSettings settings, String negative) {}

    Way way() { return new Way(request.settings(), request.prompts().negative()); }

    /// The number of the preview that belongs behind so many steps; -1 where none does. The last step's is the image.
    int previewAfter(int steps) {
        int all = request.settings().steps();
        for (int number = 0; number < previews; number++) {
            if (steps == (number + 1) * (long) all / (previews + 1) && steps < all) return number;
        }
        return -1;
    }

    /// Whether this is the first time that it is asked.
    boolean begins() {
        boolean first = !begun;
        begun = true;
        return first;
    }

    void tell(Event event) { events.add(event); }

    void show(Event.Preview preview) {
        if (events.size() < MOST_UNREAD) events.add(preview);
    }

    /// Null if there is none for so long.
    @Nullable
    Event next(Duration longest) throws InterruptedException { return events.poll(longest.toNanos(), TimeUnit.NANOSECONDS); }

    /// Nobody waits any more.
    void abandon() { abandoned = true; }

    boolean isAbandoned() { return abandoned; }
}
