package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.torch.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParityCommandTest {
    private static final Path GOLDENS = Path.of("../fusion/src/test/resources/goldens/transformer");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) { return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true)); }

    /// The command of the documentation, over all kinds of cases.
    @Test
    void allThatComesAlongPasses() {
        assertThat(run("parity", GOLDENS.getParent().toString())).as(out.toString()).isZero();
        assertThat(out.toString()).contains("40 of 40 cases passed");
    }

    @Test
    void jsonHasWhatScriptsRead() throws IOException {
        assertThat(run("parity", GOLDENS.resolve("tables").toString(), "--json")).isZero();
        var json = new ObjectMapper().readTree(out.toString());
        assertThat(json.get("passed").asBoolean()).isTrue();
        assertThat(json.get("cases")).hasSize(1);
        assertThat(json.get("cases").get(0).fieldNames()).toIterable().containsExactly("case", "passed", "skipped", "checked", "unchecked",
                "worst");
        assertThat(json.get("cases").get(0).get("worst").fieldNames()).toIterable().containsExactly("tensor", "error", "tolerance");
    }

    @Test
    void brokenFilesAreBadInputAndAWrongNumberIsAFailedCheck(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("lr.json"), "{\"cases\": [");
        assertThat(run("parity", folder.toString())).isEqualTo(2);
        assertThat(out.toString()).contains("lr.json:1:", "is not valid JSON").doesNotContain("Exception");
        Files.writeString(folder.resolve("lr.json"),
                "{\"cases\": [{\"name\": \"linear\", \"num_warmup_steps\": 0, \"num_training_steps\": 2, \"base_lr\": 1, \"lr\": [1, 0.6]}]}");
        assertThat(run("parity", folder.toString())).isEqualTo(1);
        assertThat(out.toString()).contains("FAILED");
    }

    @Test
    void theDeviceIsChosenAndReported() throws IOException {
        assertThat(run("parity", GOLDENS.resolve("tables").toString(), "--json")).isZero();
        var withoutOption = out.toString();
        assertThat(new ObjectMapper().readTree(withoutOption).path("device").asText()).isEqualTo("cpu");
        out.getBuffer().setLength(0);
        assertThat(run("parity", GOLDENS.resolve("tables").toString(), "--json", "--device", "cpu")).isZero();
        assertThat(out.toString()).isEqualTo(withoutOption);
    }

    @Test
    void anUnknownDeviceIsBadInput() {
        assertThat(run("parity", GOLDENS.toString(), "--device", "tpu")).isEqualTo(2);
        assertThat(err.toString()).contains("--device", "must be cpu or cuda:N, got 'tpu'");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aDeviceThatIsNotThereIsASentenceAndThree() {
        assumeFalse(Device.cuda(0).isAvailable());
        assertThat(run("parity", GOLDENS.toString(), "--device", "cuda")).isEqualTo(3);
        assertThat(err.toString()).contains("The device cuda:0 was asked for, but libtorch ", "is used for the CPU only").hasLineCount(1);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void noCaseIsBadInput(@TempDir Path empty) {
        assertThat(run("parity", empty.toString(), "--json")).isEqualTo(2);
        assertThat(err.toString()).contains("no case found");
        assertThat(out.toString()).isEmpty();
        assertThat(run("parity")).isEqualTo(2);
    }
}
