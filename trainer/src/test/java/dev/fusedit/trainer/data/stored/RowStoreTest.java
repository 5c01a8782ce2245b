package dev.fusedit.trainer.data.stored;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.CaptionRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class RowStoreTest {
    @TempDir
    private Path temp;

    private static RowStore.Keyed row(String key, DType dtype, float... numbers) {
        return new RowStore.Keyed(EntryKey.of(key), StoredRow.of(dtype, numbers, 1, numbers.length));
    }

    @Test
    void rowsOfAnyLengthComeBackInEveryDtype() {
        for (var dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
            var folder = temp.resolve(dtype.toString());
            assertThat(folder.toFile().mkdir()).isTrue();
            var store = RowStore.open(folder);
            var before = RowStore.open(folder);
            store.add(List.of(row("a", dtype, 1, -0.5f, 3), row("b", dtype), row("c", dtype, -2)));
            store.add(List.of(row("d", dtype, Float.NEGATIVE_INFINITY)));
            before.refresh();
            for (var each : List.of(store, before, RowStore.open(folder))) {
                assertThat(each.size()).isEqualTo(4);
                assertThat(each.has(EntryKey.of("e"))).isFalse();
                assertThat(each.read(EntryKey.of("a")).floats()).containsExactly(1, -0.5f, 3);
                assertThat(each.read(EntryKey.of("b")).floats()).isEmpty();
                assertThat(each.read(EntryKey.of("c")).shape()).containsExactly(1, 1);
                assertThat(each.read(EntryKey.of("d")).floats()).containsExactly(Float.NEGATIVE_INFINITY);
                assertThat(each.verify()).isEmpty();
            }
        }
    }

    /// As any program reads them that knows safetensors.
    @Test
    void filesAreSafetensors() throws IOException {
        RowStore.open(temp).add(List.of(new RowStore.Keyed(EntryKey.of("ids"), StoredRow.of(new int[] {7, 8}))));
        try (var files = Files.list(temp);
                var file = SafeTensors.open(files.findFirst().orElseThrow());
                var _ = TensorScope.open()) {
            assertThat(file.names()).containsExactlyInAnyOrder("keys", "shapes", "crc32c", "values");
            assertThat(file.read("values").to(DType.I64).toLongs()).containsExactly(7, 8);
        }
    }

    @Test
    void anyByteThatIsDamagedIsFound() throws IOException {
        var store = RowStore.open(temp);
        store.add(List.of(row("a", DType.F32, 1, 2, 3, 4)));
        Path file;
        try (var files = Files.list(temp)) {
            file = files.findFirst().orElseThrow();
        }
        var whole = Files.readAllBytes(file);
        for (int i = whole.length - 100; i < whole.length; i++) {
            var damaged = whole.clone();
            damaged[i] ^= 1;
            Files.write(file, damaged);
            var other = RowStore.open(temp);
            assertThat(other.broken().size() + other.verify().size()).as("byte %d of %d", i, whole.length).isEqualTo(1);
        }
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        assertThat(RowStore.open(temp).broken()).hasSize(1);
        Files.delete(file);
        assertThatThrownBy(() -> store.read(EntryKey.of("a"))).isInstanceOf(UserError.class).hasMessageContaining("fusedit data cache");
    }

    @Test
    void allCaptionsThatMayBeDrawnAreKnown() throws BadSample {
        var texts = Map.of("long.0", " a long one ", "long.1", "another", "short", "one", "other", "never", "blank", " ");
        assertThat(new CaptionRule(ImmutableMap.of("long", 1.0, "short", 3.0, "other", 0.0, "blank", 1.0)).all(texts))
                .containsExactlyInAnyOrder("a long one", "another", "one");
        assertThat(CaptionRule.firstOf(List.of("blank", "long", "short")).all(texts)).containsExactly("a long one", "another");
        assertThatThrownBy(() -> CaptionRule.firstOf(List.of("blank")).all(texts)).isInstanceOf(BadSample.class);
    }
}
