package dev.fusedit.fusion.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizersTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void write() throws IOException {
        Files.writeString(folder.resolve("words.json"), """
                {"vocab_size": 3, "prompts": [{"text": "red cat", "ids_all": [1, 2], "ids32": [1, 2, %s], "mask32": [1, 1, %s]}]}"""
                .formatted(zeros(), zeros()));
        Files.writeString(folder.resolve("other.json"), "{\"vocab_size\": 1, \"prompts\": [{\"text\": \"\", \"ids_all\": []}]}");
        Files.writeString(folder.resolve("tokenizer.model"), """
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
                 "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null, "decoder": null,
                 "model": {"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0, "red": 1, "cat": 2}}}""");
    }

    private static String zeros() { return String.join(", ", java.util.Collections.nCopies(30, "0")); }

    private List<CaseResult> run() {
        return Parity.run(List.of(folder), List.of(), Map.of("words", folder.resolve("tokenizer.model")), Device.CPU).cases();
    }

    @Test
    void eachFileIsACaseAndThoseWithoutATokenizerAreSkipped() {
        var cases = run();
        assertThat(cases).extracting(CaseResult::name).containsExactly(folder.getFileName() + "/other", folder.getFileName() + "/words");
        assertThat(cases.getFirst().skipped()).contains("--tokenizer other=FILE");
        assertThat(cases.getLast().passed()).isTrue();
        assertThat(cases.getLast().checked()).isEqualTo(3);
    }

    @Test
    void aChangedIdFails() throws IOException {
        var file = folder.resolve("words.json");
        Files.writeString(file, Files.readString(file).replace("\"ids_all\": [1, 2]", "\"ids_all\": [1, 0]"));
        assertThat(run().getLast().passed()).isFalse();
        assertThat(run().getLast().worst().tensor()).isEqualTo("prompts[0].ids_all");
    }
}
