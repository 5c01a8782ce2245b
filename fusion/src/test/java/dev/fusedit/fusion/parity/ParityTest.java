package dev.fusedit.fusion.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.Goldens;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class ParityTest {
    @ParameterizedTest
    @ValueSource(strings = {"pipeline/fuse_gemma_ape", "pipeline/fuse_gemma2_2drope", "pipeline/fuse_gemma_clip",
        "pipeline/dit_self_2drope",
        "pipeline/dit_cross_ape", "transformer/baseline", "transformer/2d-rope", "transformer/large-scale", "transformer/exact_gelu",
        "transformer/gated_joint", "transformer/dual_stream", "transformer/dual_stream_single",
        "transformer/tables",
        "scheduler", "scheduler_options",
        "llm/gemma", "llm/gemma_bias_mha", "llm/gemma2", "llm/paligemma_text", "llm/gemma3_text", "llm/gemma3_text_linear_rope",
        "llm/gemma3_caps",
        "llm/llama",
        "llm/llama3_rope", "llm/qwen3", "vae/sd3", "vae/sd15_quant", "clip/legacy_gelu", "clip/legacy_quick_gelu", "clip/modern_gelu",
        "clip/modern_quick_gelu", "clip_vision/gelu", "clip_vision/quick_gelu", "dinov2/plain", "dinov2/registers", "dinov2/gated"})
    void caseAgreesWithTheReference(String name) {
        var result = Parity.run(List.of(Goldens.folder(name))).cases().getFirst();
        assertThat(result.skipped()).isNull();
        assertThat(result.unchecked()).isEmpty();
        assertThat(result.passed()).as("%s", result.worst()).isTrue();
    }

    @Test
    void aFolderIsSearchedDown() {
        var report = Parity.run(List.of(Goldens.folder("transformer")));
        assertThat(report.cases()).extracting(CaseResult::name).containsExactly("2d-rope", "baseline", "dual_stream", "dual_stream_single",
                "exact_gelu", "gated_joint", "large-scale", "tables");
        assertThat(report.json().path("cases").get(0).path("unchecked").isArray()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"forward.output", "cache.last.key", "cache.second.output", "taps.llm.layer.2", "taps.time_proj",
        "train.dit.plain.loss",
        "train.dit.precondition.grad_norms", "optim.dit.ema_sum", "optim.dit.losses"})
    void aChangedExpectedNumberFails(String tensor, @TempDir Path folder) throws IOException {
        var changed = copy(folder, expected -> {
            var values = expected.get(tensor).toFloats();
            values[values.length - 1] = values[values.length - 1] * 1.01f + 1e-3f; // the last number: of padding, where there is any
            expected.put(tensor, Tensor.of(values, expected.get(tensor).shape()));
        });
        var result = Parity.run(List.of(changed)).cases().getFirst();
        assertThat(result.passed()).isFalse();
        assertThat(result.worst().tensor()).isEqualTo(tensor);
    }

    @Test
    void anExpectedTensorThatNobodyComparesFails(@TempDir Path folder) throws IOException {
        var changed = copy(folder, expected -> expected.put("taps.somewhere.else", Tensor.zeros(DType.F32, 2)));
        var result = Parity.run(List.of(changed)).cases().getFirst();
        assertThat(result.passed()).isFalse();
        assertThat(result.unchecked()).containsExactly("taps.somewhere.else");
    }

    @Test
    void anExpectedNumberThatIsNotANumberFails(@TempDir Path folder) throws IOException {
        var changed = copy(folder, expected -> expected.get("forward.output").fillInPlace(Double.NaN));
        assertThat(Parity.run(List.of(changed)).passed()).isFalse();
    }

    @Test
    void whatWeDoNotHaveIsSkippedWithTheReason(@TempDir Path folder) throws IOException {
        var other = Files.createDirectories(folder.resolve("vae"));
        Files.writeString(other.resolve("config.json"), "{}");
        SafeTensors.write(other.resolve("io.safetensors"), Map.of(), Map.of());
        var report = Parity.run(List.of(folder));
        assertThat(report.passed()).isFalse();
        assertThat(report.cases().getFirst().skipped()).contains("not compared yet");
    }

    @Test
    void aCaseWhoseFilesDoNotFitIsSkippedAndFreed(@TempDir Path folder) throws IOException {
        copy(folder, _ -> {});
        SafeTensors.write(folder.resolve("model.safetensors"), Map.of("x", Tensor.zeros(DType.F32, 1)), Map.of());
        var result = Parity.run(List.of(folder)).cases().getFirst();
        assertThat(result.passed()).isFalse();
        assertThat(result.skipped()).contains("model.safetensors does not fit the model");
    }

    /// Else the case would count as passed among others.
    @ParameterizedTest
    @ValueSource(strings = {"config.json", "expected.safetensors", "inputs.safetensors", "model.safetensors"})
    void aCaseThatLostAFileIsNamedBesideTheOthers(String lost, @TempDir Path folder) throws IOException {
        copy(Files.createDirectories(folder.resolve("a")), _ -> {});
        Files.delete(folder.resolve("a").resolve(lost));
        copy(Files.createDirectories(folder.resolve("b")), _ -> {});
        var report = Parity.run(List.of(folder));
        assertThat(report.passed()).isFalse();
        assertThat(report.isBadInput()).isTrue();
        assertThat(report.cases()).extracting(CaseResult::passed).containsExactly(false, true);
        assertThat(report.cases().getFirst().skipped()).contains(lost);
    }

    @Test
    void brokenJsonDoesNotHideOtherCases(@TempDir Path folder) throws IOException {
        copy(Files.createDirectories(folder.resolve("a")), _ -> {});
        Files.writeString(folder.resolve("a").resolve("config.json"), "{\"reference\": ");
        copy(Files.createDirectories(folder.resolve("b.json")), _ -> {}); // a folder, whatever its name
        Files.writeString(folder.resolve("notes.json"), "{");
        var cases = Parity.run(List.of(folder)).cases();
        assertThat(cases).extracting(CaseResult::passed).containsExactly(false, true);
        assertThat(cases.getFirst().skipped()).contains("config.json:1:", "is not valid JSON");
    }

    @Test
    void tablesAreRecognisedUnderAnotherName(@TempDir Path folder) throws IOException {
        Files.copy(Goldens.folder("transformer/tables").resolve("expected.safetensors"), folder.resolve("expected.safetensors"));
        assertThat(Parity.run(List.of(folder)).passed()).isTrue();
    }

    @Test
    void severalFoldersMayBeGivenAndEachHasACase(@TempDir Path folder) {
        var two = List.of(Goldens.folder("lr").resolveSibling("scheduler"), Goldens.folder("clip"));
        assertThat(Parity.run(two).cases()).hasSize(5).allMatch(CaseResult::passed);
        assertThatThrownBy(() -> Parity.run(List.of(Goldens.folder("scheduler"), folder))).isInstanceOf(UserError.class)
                .hasMessageContaining("no case found in " + folder);
    }

    /// Rows of padding behind every window of real tokens are compared too.
    @ParameterizedTest
    @ValueSource(strings = {"sdpa.mask2d.hidden_states.2", "eager.ref4d.last_layer_prenorm", "sdpa.mask2d.hidden_states.0"})
    void aChangedNumberOfPaddingFails(String tensor, @TempDir Path folder) throws IOException {
        var changed = copy("llm/gemma2", "io.safetensors", folder, expected -> {
            var values = expected.get(tensor).toFloats();
            values[values.length - 1] += 0.1f;
            expected.put(tensor, Tensor.of(values, expected.get(tensor).shape()));
        });
        var result = Parity.run(List.of(changed)).cases().getFirst();
        assertThat(result.passed()).isFalse();
        assertThat(result.beyond()).containsExactly(tensor);
    }

    @Test
    void noCaseIsTheCallersMistake(@TempDir Path folder) {
        assertThatThrownBy(() -> Parity.run(List.of(folder))).isInstanceOf(UserError.class).hasMessageContaining("no case found");
        assertThatThrownBy(() -> Parity.run(List.of(folder.resolve("nowhere")))).isInstanceOf(UserError.class)
                .hasMessageContaining("no such folder");
    }

    private interface Change {
        void of(Map<String, Tensor> expected);
    }

    private static Path copy(Path folder, Change change) throws IOException {
        return copy("transformer/2d-rope", "expected.safetensors", folder, change);
    }

    private static Path copy(String golden, String numbers, Path folder, Change change) throws IOException {
        var source = Goldens.folder(golden);
        try (var files = Files.list(source)) {
            for (var file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        var expected = new LinkedHashMap<String, Tensor>();
        try (var file = SafeTensors.open(source.resolve(numbers))) {
            file.entries().keySet().forEach(name -> expected.put(name, file.read(name)));
        }
        change.of(expected);
        SafeTensors.write(folder.resolve(numbers), expected, Map.of());
        return folder;
    }
}
