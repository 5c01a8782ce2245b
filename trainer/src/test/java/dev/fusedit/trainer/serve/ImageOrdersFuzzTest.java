package dev.fusedit.trainer.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.sampling.ModelFingerprint;
import dev.fusedit.trainer.sampling.RunPipeline;
import dev.fusedit.trainer.stage.TinyStage;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever is sent is an order within the server's limits, or refused as the client's mistake; in both forms. Anything else would be a 500.
class ImageOrdersFuzzTest {
    private static final ServeLimits LIMITS = ServeSettings.local(0).limits();

    private static TinyStage tiny;
    private static ImageOrders orders;

    @BeforeAll
    static void aModel() {
        try (var _ = TensorScope.open()) {
            tiny = TinyStage.of("sampling.steps=2", "sampling.guidance=2");
            var model = RunPipeline.of(tiny.recipe, tiny.bundle);
            orders = new ImageOrders(new ServedModel("tiny", model, ModelFingerprint.of(model)), LIMITS);
        }
    }

    @AfterAll
    static void close() { tiny.close(); }

    static Stream<byte[]> seeds() {
        return Stream.of(
                "{'prompt': 'a red circle', 'negative': 'blue', 'n': 2, 'seed': '-9223372036854775808', 'steps': 3, 'guidance': 1.5, "
                        + "'guidance_interval': [0.2, 0.8], 'solver': 'heun', 'width': 32, 'height': 64, 'previews': 2, 'stream': true}",
                "{'prompt': 'a red circle', 'model': 'tiny', 'size': '32x32', 'n': 1, 'response_format': 'b64_json', 'quality': 'auto', "
                        + "'partial_images': 1, 'user': 'x', 'output_format': 'png', 'background': 'auto', 'moderation': 'auto'}",
                "{'prompt': 'a', 'size': '99999999999x1'}", "{'prompt': 'a', 'size': '31x32'}",
                "{'prompt': 'a', 'width': 1e300, 'n': -0.0, 'seed': 1e400}",
                "{'prompt': ['a'], 'guidance_interval': {}}", "{'prompt': 'a', 'prompt': 1}", "[{}]", "{'prompt': 'a', 'steps': null}",
                "{'prompt': 'a', 'solver': 'eule'}", "", "{".repeat(2000), "{'prompt': '\\ud800'}")
                .map(text -> text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "1m")
    void itIsAnOrderOrTheClientsMistake(byte[] data) {
        for (boolean own : new boolean[] {true, false}) {
            try {
                var json = RequestBody.json(data);
                var settings = (own ? orders.own(json) : orders.openAi(json)).request().settings();
                assertThat(settings.width()).isBetween(1, LIMITS.side());
                assertThat(settings.height()).isBetween(1, LIMITS.side());
                assertThat(settings.steps()).isBetween(1, LIMITS.steps());
            } catch (UserError e) {
                assertThat(e.getMessage()).isNotBlank();
            } catch (Refusal e) {
                assertThat(e.status()).isBetween(400, 499);
            }
        }
    }
}
