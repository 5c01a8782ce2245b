package dev.fusedit.fusion.flow;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.fusion.Goldens;
import dev.fusedit.fusion.text.MutatedJson;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// A `scheduler_config.json` that is nearly one is a scheduler with levels from 1 down, written and read back as itself, or is refused by a
/// [UserError] that names the file.
class SchedulerConfigFuzzTest {
    private static final String WHERE = "fuzzed/scheduler_config.json";
    private static final ArrayNode CONFIGS = JsonNodeFactory.instance.arrayNode();

    static {
        var cases = JsonFile.read(Goldens.folder("scheduler_options").resolve("config.json"), "");
        cases.path("schedulers").forEach(each -> CONFIGS.add(each.path("config")));
        CONFIGS.add(SchedulerConfigs.json(FlowMatchScheduler.even(3), new Prediction.X0()));
        CONFIGS.add(SchedulerConfigs.json(FlowMatchScheduler.shifted(3), new Prediction.Velocity()));
    }

    static Stream<byte[]> seeds() { return MutatedJson.seeds(); }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void nearlySchedulers(byte[] choices) {
        try {
            var json = MutatedJson.read(choices, CONFIGS);
            var scheduler = SchedulerConfigs.scheduler(json, WHERE);
            var prediction = SchedulerConfigs.prediction(json, WHERE);
            var again = SchedulerConfigs.json(scheduler, prediction);
            assertThat(SchedulerConfigs.scheduler(again, WHERE)).isEqualTo(scheduler);
            assertThat(SchedulerConfigs.prediction(again, WHERE)).isEqualTo(prediction);
        } catch (UserError e) {
            assertThat(e).hasMessageStartingWith(WHERE);
        }
    }
}
