package dev.fusedit.fusion.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.fusedit.torch.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchedulerConfigsTest {
    private static JsonNode json(String text) throws JsonProcessingException { return new JsonMapper().readTree(text.replace('\'', '"')); }

    private static FlowMatchScheduler read(String text) throws JsonProcessingException {
        return SchedulerConfigs.scheduler(json(text), "scheduler_config.json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'shift': 2.5}", "{'shift': 3.0, 'spacing': 'even', 'num_train_timesteps': 500}",
        "{'use_dynamic_shifting': true, 'base_shift': 0.25, 'max_shift': 2.0, 'base_image_seq_len': 64, 'max_image_seq_len': 1024}",
        "{'use_karras_sigmas': true, 'invert_sigmas': true, 'shift_terminal': 0.1}", "{'use_exponential_sigmas': true}"})
    void whatIsWrittenReadsBack(String text) throws JsonProcessingException {
        var scheduler = read(text);
        assertThat(read(SchedulerConfigs.json(scheduler, new Prediction.Velocity()).toString())).isEqualTo(scheduler);
    }

    @Test
    void whatIsSwitchedOffOrOnlyNotedDoesNotMatter() throws JsonProcessingException {
        assertThat(read("{'_diffusers_version': '0.36.0', 'shift': 3.0, 'use_beta_sigmas': false, 'shift_terminal': null, "
                + "'stochastic_sampling': false, 'time_shift_type': 'exponential'}")).isEqualTo(FlowMatchScheduler.shifted(3));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|',
            value = {"{'use_beta_sigmas': true} | use_beta_sigmas", "{'stochastic_sampling': true} | stochastic_sampling",
                "{'time_shift_type': 'linear'} | time_shift_type", "{'sigma_min': 0.01} | sigma_min",
                "{'use_karras_sigmas': true, 'use_exponential_sigmas': true} | only one of use_karras_sigmas and use_exponential_sigmas",
                "{'shift_terminal': 1.5} | shift_terminal", "{'_class_name': 'DDIMScheduler'} | _class_name",
                "{'use_dynamic_shifting': true, 'base_image_seq_len': 4096} | base_image_seq_len", "{'shift': 0} | shift"},
            quoteCharacter = '`')
    void whatWouldChangeNumbersIsRefusedByName(String text, String named) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(UserError.class).hasMessageContaining("scheduler_config.json")
                .hasMessageContaining(named);
    }

    @Test
    void imagesAreNotPredictedOnInvertedLevels() throws JsonProcessingException {
        var json = json("{'invert_sigmas': true, 'prediction_type': 'sample'}");
        assertThatThrownBy(() -> SchedulerConfigs.prediction(json, "x")).isInstanceOf(UserError.class).hasMessageContaining("velocities");
    }

    @Test
    void aDynamicShiftIsALineInTheNumberOfTokens() {
        var dynamic = new FlowMatchScheduler(Shift.Dynamic.usual(), 1000, FlowMatchScheduler.Spacing.EVEN);
        assertThat(dynamic.sized(256).shift()).isEqualTo(new Shift.OfSize(0.5));
        assertThat(((Shift.OfSize) dynamic.sized(2176).shift()).mu()).as("half-way").isEqualTo(0.825);
        assertThatThrownBy(() -> dynamic.sampling(4)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("tokens");
        assertThat(dynamic.sized(4096).sampling(4).sigmas()[2]).as("more noise for longer than with fewer tokens")
                .isGreaterThan(dynamic.sized(256).sampling(4).sigmas()[2]);
    }
}
