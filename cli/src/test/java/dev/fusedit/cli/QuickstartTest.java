package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The main job, shortened to a quarter, on every machine the same: long, and the one test that fails when training runs but learns
/// nothing.
@Tag("long")
class QuickstartTest {
    @TempDir
    Path temp;

    @Test
    void aQuarterOfTheStepsBindsColoursToWords() throws IOException {
        var out = temp.resolve("run");
        var err = new StringWriter();
        int status =
                Main.run(new String[] {"train", "quickstart", "--set", "stages.text.steps=38", "--set", "stages.text.warm_up=5", "--set",
                    "stages.fuse.steps=625", "--set", "stages.fuse.warm_up=10", "--set", "stages.joint.steps=25", "--set",
                    "evaluation.sets=[seen]", "--out", out.toString()},
                        new PrintWriter(new StringWriter(), true), new PrintWriter(err, true));
        assertThat(status).as(err.toString()).isZero();
        var attributes = new ObjectMapper().readTree(out.resolve("result.json").toFile()).at("/blocks/seen/attributes");
        assertThat(attributes.get("color").asDouble()).as("part of the named colours that are there; a sixth by chance").isGreaterThan(0.4);
    }
}
