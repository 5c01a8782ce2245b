package dev.fusedit.trainer.eval.blocks.selfcheck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.trainer.data.blocks.Kind;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SelfCheckTest {
    private static final int PER_KIND = 10_000;

    @Test
    void theCheckerKeepsItsPromises() {
        var check = SelfCheck.run(PER_KIND);
        var json = check.toJson();
        var report = check + json.toPrettyString();
        for (var kind : Kind.values()) {
            assertThat(check.accept(kind)).as("true captions of %s accepted%n%s", kind, report).isGreaterThanOrEqualTo(0.995);
            assertThat(check.reject(kind)).as("false ones of %s rejected%n%s", kind, report).isGreaterThanOrEqualTo(0.995);
            assertThat(json.get("per_kind").get(kind.key()).get("n").asInt()).isEqualTo(PER_KIND);
        }
        assertThat(json.get("degenerate_rejected").asDouble()).as(report).isGreaterThanOrEqualTo(0.99);
        assertThat(json.get("noisy_accepted").asDouble()).as(report).isGreaterThanOrEqualTo(0.97);
        assertThat(json.get("blurred_accepted").asDouble()).as(report).isGreaterThanOrEqualTo(0.97);
        assertThat(check.passed()).as(report).isTrue();
    }

    @Test
    void theSameNumberGivesTheSameResult() {
        var told = new AtomicInteger();
        assertThat(SelfCheck.run(30).toJson()).isEqualTo(SelfCheck.run(30, told::incrementAndGet).toJson());
        assertThat(told).as("each image of six kinds").hasValue(180);
    }
}
