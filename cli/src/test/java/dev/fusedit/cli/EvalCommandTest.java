package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class EvalCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) { return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true)); }

    @Test
    void selfCheckJsonHasWhatScriptsRead() throws IOException {
        assertThat(run("eval", "--suite", "blocks", "--self-check", "--json", "--images-per-kind", "100")).isZero();
        var json = new ObjectMapper().readTree(out.toString());
        assertThat(json.fieldNames()).toIterable().contains("accept", "reject", "n", "per_kind", "degenerate_rejected");
        assertThat(json.get("per_kind").fieldNames()).toIterable()
                .containsExactlyInAnyOrder("single", "two", "counting", "colors", "position", "attribution");
        json.get("per_kind").forEach(kind -> assertThat(kind.fieldNames()).toIterable().contains("accept", "reject", "n"));
        assertThat(json.get("accept").asDouble()).isGreaterThan(0.99);
        assertThat(json.get("n").asInt()).isEqualTo(600);
    }

    @Test
    void badUsageIsSaid() {
        assertThat(run("eval", "--suite", "bloks", "--self-check")).isEqualTo(2);
        assertThat(err.toString()).contains("Invalid value for option '--suite' (SUITE): 'bloks' is none of blocks, geneval, dpg, ",
                "loss. Did you mean 'blocks'?");
        assertThat(run("eval", "--suite", "blocks", "--self-check", "--images-per-kind", "0")).isEqualTo(2);
        assertThat(run("eval", "--suite", "blocks")).isEqualTo(2);
        assertThat(err.toString()).contains("--self-check");
    }
}
