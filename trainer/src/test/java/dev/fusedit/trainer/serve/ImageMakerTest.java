package dev.fusedit.trainer.serve;

import static dev.fusedit.trainer.serve.Served.events;
import static dev.fusedit.trainer.serve.Served.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TorchException;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What a client is told when images are not made, and what becomes of those behind it.
@Tag("training")
@ExtendWith(NoTensorLeaks.class)
class ImageMakerTest {
    private static final String BROKEN = "{\"prompt\": \"a cross\"}";
    private static final String WHOLE = "{\"prompt\": \"a red circle\"}";

    /// The first time that "a cross" is sampled, tokenizing it throws.
    private static final class ThrowsOnce implements Tokenizer {
        private final Tokenizer real;
        private @Nullable Throwable thrown;
        private boolean sampling;

        ThrowsOnce(Tokenizer real, Throwable thrown) {
            this.real = real;
            this.thrown = thrown;
        }

        @Override
        public int[] encode(String text, int longest) {
            var now = thrown;
            if (sampling && now != null) {
                thrown = null;
                throw ThrowsOnce.<RuntimeException>unchecked(now);
            }
            return real.encode(text, longest);
        }

        /// Asked last before images are made.
        @Override
        public List<String> unknown(String text) {
            sampling = text.equals("a cross");
            return real.unknown(text);
        }

        @SuppressWarnings("unchecked")
        private static <T extends Throwable> T unchecked(Throwable thrown) throws T { throw (T) thrown; }
    }

    static Stream<Arguments> failures() {
        return Stream.of(Arguments.of(new IllegalStateException("of the inside"), 500, "an error of the server, which is in its log"),
                Arguments.of(new TorchException("matmul", "mat1 and mat2 shapes cannot be multiplied", List.of("f32(2,3) cuda:0")), 500,
                        "an error of the server, which is in its log"),
                Arguments.of(new TorchException("empty", "CUDA out of memory. Tried to allocate 2.00 GiB.", List.of()), 400,
                        "memory does not hold the text of all 1 prompts. Sample fewer"),
                Arguments.of(new OutOfMemoryError("Java heap space"), 400, "Java's heap is full: give it more by FUSEDIT_JAVA_OPTS"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aFailureIsToldAndTheNextRequestIsServed(Throwable thrown, int status, String told) {
        try (var served = new Served(real -> new ThrowsOnce(real, thrown))) {
            served.run(() -> {
                var failed = served.post(ImageServer.OWN, BROKEN);
                assertThat(failed.statusCode()).isEqualTo(status);
                assertThat(message(failed)).contains(told).doesNotContain("of the inside", "mat1");
                assertThat(served.ok(served.post(ImageServer.OWN, WHOLE)).path("images")).hasSize(1);
                assertThat(served.ok(served.post(ImageServer.OPEN_AI, BROKEN)).path("data")).as("the same once more").hasSize(1);
            });
            assertThat(served.get("/metrics").body()).contains("fusedit_images_total 2", "status=\"%d\"} 1".formatted(status));
        }
    }

    @Test
    void aFailureIsTheLastOfTheEvents() {
        try (var served = new Served(real -> new ThrowsOnce(real, new IllegalStateException("of the inside")))) {
            served.run(() -> {
                var events = events(served.post(ImageServer.OWN, "{\"prompt\": \"a cross\", \"stream\": true}").body());
                assertThat(events.stream().map(Served.Event::name)).containsExactly("queued", "error");
                assertThat(events.getLast().data().at("/error/type").asText()).isEqualTo("server_error");
                assertThat(served.ok(served.post(ImageServer.OWN, WHOLE)).path("images")).hasSize(1);
            });
        }
    }

    /// All clients of a batch hear of it.
    @Test
    void anErrorOfJavaIsToldBeforeItEndsTheServer() {
        try (var served = new Served(real -> new ThrowsOnce(real, new NoClassDefFoundError("dev/fusedit/Absent")))) {
            var one = served.postLater(ImageServer.OWN, BROKEN);
            var other = served.postLater(ImageServer.OWN, BROKEN);
            while (!served.get("/metrics").body().contains("fusedit_queue_images 2")) Thread.onSpinWait();
            assertThatThrownBy(served.server::run).isInstanceOf(NoClassDefFoundError.class);
            for (var response : List.of(one.join(), other.join())) {
                assertThat(response.statusCode()).isEqualTo(500);
                assertThat(message(response)).doesNotContain("Absent");
            }
        }
    }
}
