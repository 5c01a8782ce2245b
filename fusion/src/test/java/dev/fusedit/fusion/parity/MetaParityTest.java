package dev.fusedit.fusion.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.fusedit.fusion.Goldens;
import dev.fusedit.fusion.parity.ParityReport.CaseResult;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.internal.abi.MetaKernels;
import dev.fusedit.torch.internal.abi.Placement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every model's golden case on libtorch's meta device: what lies on the CPU beside a model would show here as it does on a GPU. There are
/// no numbers, so nothing agrees; but all is computed, and as much compared as on the CPU.
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class MetaParityTest {
    @BeforeAll
    static void register() { MetaKernels.register(); }

    /// @param ofCpu how many comparisons of a case may agree: those of what no model computes, which is token ids and masks, noise and times of
    ///        a seed, the place of CLIP's end token. Every other finds no number
    @ParameterizedTest
    @CsvSource({"pipeline, 10", "transformer, 0", "llm, 0", "vae, 0", "clip, 1", "clip_vision, 0", "dinov2, 0"})
    void everyCaseKeepsToItsDevice(String family, int ofCpu) {
        var folders = List.of(Goldens.folder(family));
        var onCpu = Parity.run(folders).cases();
        try (var placement = Placement.watch()) {
            var onMeta = Parity.run(folders, List.of(), Map.of(), Device.META).cases();
            assertThat(onMeta).extracting(CaseResult::skipped).containsOnlyNulls();
            assertThat(placement.mixed()).isEmpty();
            assertThat(onMeta).extracting(CaseResult::name, CaseResult::checked, CaseResult::unchecked)
                    .containsExactlyElementsOf(onCpu.stream().map(here -> tuple(here.name(), here.checked(), List.<String>of())).toList());
            assertThat(onMeta).filteredOn(here -> !here.name().equals("tables")) // most of them are Java's numbers
                    .allMatch(here -> here.beyond().size() >= here.checked() - ofCpu);
        }
    }
}
