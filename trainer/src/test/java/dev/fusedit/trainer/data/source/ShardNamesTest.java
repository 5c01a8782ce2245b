package dev.fusedit.trainer.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ShardNamesTest {
    static Stream<JsonNode> patterns() throws IOException {
        return StreamSupport.stream(WebDatasetGoldens.expected().get("expand").spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("patterns")
    void patternsStandForWhatTheLibraryMakesOfThem(JsonNode golden) {
        var pattern = golden.get("pattern").asText();
        if (golden.has("error")) {
            assertThatThrownBy(() -> ShardNames.expand(pattern)).isInstanceOf(UserError.class).hasMessageContaining(pattern);
        } else {
            assertThat(ShardNames.expand(pattern, Map.of("WDS_ROOT", "/data/x")::get))
                    .isEqualTo(WebDatasetGoldens.texts(golden.get("urls")));
        }
    }

    @Test
    void whatCannotBeMeantIsRefused() {
        assertThatThrownBy(() -> ShardNames.expand("a-{0..9999999}.tar")).isInstanceOf(UserError.class)
                .hasMessageContaining("more than 1,000,000");
        assertThatThrownBy(() -> ShardNames.expand("a-{0..99999999999999999999}.tar")).isInstanceOf(UserError.class)
                .hasMessageContaining("too far");
        assertThatThrownBy(() -> ShardNames.expand("${NOWHERE}/a.tar", _ -> null)).isInstanceOf(UserError.class)
                .hasMessageContaining("WDS_NOWHERE");
    }
}
