package dev.fusedit.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class WeightsTest {
    @Test
    void askingTwiceIsAnError() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            weights.in("a").get("weight", Init.ZEROS, 2);
            assertThatThrownBy(() -> weights.get("a.weight", Init.ZEROS, 2)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("'a.weight'");
        }
    }

    @Test
    void aParameterDependsOnItsNameAlone() {
        try (var first = Weights.fresh(Seed.of(1), DTypePolicy.F32); var second = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            first.get("before", Init.normal(1), 5);
            var a = first.get("x", Init.normal(1), 4, 3);
            var b = second.get("x", Init.normal(1), 4, 3);
            assertThat(a.sameValues(b)).isTrue();
            assertThat(a.sameValues(second.get("y", Init.normal(1), 4, 3))).isFalse();
        }
    }

    /// The same memory, so that an optimizer's step and a refreshed copy are seen; gradients of its own, so that lanes do not meet.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aReplicaHasTheValuesAndGradientsOfItsOwn(boolean mixed) {
        try (var weights = Weights.fresh(Seed.of(1), mixed ? DTypePolicy.MIXED : DTypePolicy.F32)) {
            var parts = new Linear[] {Linear.of(weights.in("a"), Init.XAVIER, 3, 4, false),
                Linear.of(weights.in("b"), Init.XAVIER, 3, 2, false)};
            var joined = JoinedLinear.of(weights, parts);
            var table = weights.buffer("table", Tensor.arange(3));
            weights.train(_ -> true);
            try (var replica = weights.replica()) {
                var same = new Linear[] {Linear.of(replica.in("a"), Init.ZEROS, 3, 4, false),
                    Linear.of(replica.in("b"), Init.ZEROS, 3, 2, false)};
                assertThat(JoinedLinear.of(replica, same).weight_XI()).as("one copy of what is joined").isSameAs(joined.weight_XI());
                assertThat(replica.buffer("table", Tensor.zeros(DType.I64, 3))).isSameAs(table);
                assertThat(same[0].weight_OI().dataAddress()).isEqualTo(parts[0].weight_OI().dataAddress());
                assertThat(same[0].weight_OI().requiresGrad()).isTrue();
                same[0].weight_OI().sum().backward();
                assertThat(replica.parameter("a.weight").gradient().toFloats()).containsOnly(1);
                assertThat(weights.parameter("a.weight").gradient()).isNull();
                try (var _ = Autograd.noGrad()) {
                    weights.parameter("b.weight").master().fillInPlace(0.5);
                    weights.refreshCopies();
                }
                assertThat(same[1].weight_OI().detach().toFloats()).containsOnly(0.5f);
                assertThatThrownBy(() -> replica.get("c.weight", Init.ZEROS, 1)).isInstanceOf(NullPointerException.class)
                        .hasMessageContaining("c.weight");
            }
            assertThat(parts[0].weight_OI().isClosed()).as("the original outlives it").isFalse();
        }
    }

    /// All of them in one error, before anything is changed.
    @Test
    void whatCannotBeLoadedIsListedByTypeAndRemedy(@TempDir Path folder) throws IOException {
        var header = "{\"a.weight\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]},"
                + "\"b.weight\":{\"dtype\":\"U32\",\"shape\":[1],\"data_offsets\":[4,8]}}";
        var path = Files.write(folder.resolve("quantised.safetensors"), ByteBuffer.allocate(8 + header.length() + 8)
                .order(ByteOrder.LITTLE_ENDIAN).putLong(header.length()).put(header.getBytes(StandardCharsets.US_ASCII)).array());
        try (var file = SafeTensors.open(path);
                var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32);
                var stored = Weights.stored(file, DTypePolicy.F32)) {
            var a = weights.get("a.weight", Init.normal(1), 4);
            var before = a.copy();
            weights.get("b.weight", Init.normal(1), 1);
            stored.get("a.weight", Init.ZEROS, 4);
            stored.get("b.weight", Init.ZEROS, 1);
            for (ThrowingCallable load : List.<ThrowingCallable>of(() -> weights.load(file, name -> name), stored::requireComplete)) {
                assertThatThrownBy(load).isInstanceOf(UserError.class).hasMessageStartingWith(path
                        + " does not fit the model: 2 stored in a way "
                        + "that is listed, but not loaded (a.weight is f8_e4m3, b.weight is u32). To load it, take the model in BF16");
            }
            assertThat(a.sameValues(before)).isTrue();
        }
    }

    @Test
    void xavierStaysInItsBounds() {
        var drawn = Init.XAVIER.draw(Seed.of(1), 50, 10, 5);
        assertThat(drawn.abs().max().item()).isBetween(0.2, Math.sqrt(6.0 / 100));
        assertThat(drawn.mean().item()).isBetween(-0.01, 0.01);
    }

    @Test
    void savedIsLoaded(@TempDir Path folder) throws IOException {
        try (var saved = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            Linear.of(saved.in("a"), Init.XAVIER, 3, 4, true);
            saved.buffer("table", Tensor.arange(3));
            saved.save(folder.resolve("w.safetensors"));
            try (var file = SafeTensors.open(folder.resolve("w.safetensors")); var loaded = Weights.stored(file, DTypePolicy.F32)) {
                var linear = Linear.of(loaded.in("a"), Init.ZEROS, 3, 4, true);
                loaded.buffer("table", Tensor.zeros(DType.F32, 3));
                loaded.requireComplete();
                assertThat(linear.weight_OI().sameValues(saved.parameter("a.weight").master())).isTrue();
                assertThat(loaded.state().get("table").toFloats()).containsExactly(0, 1, 2);
            }
        }
    }

    @Test
    void oneErrorListsAllThatDoesNotFit(@TempDir Path folder) throws IOException {
        var path = folder.resolve("w.safetensors");
        SafeTensors.write(path, Map.of("a.weight", Tensor.zeros(DType.F32, 2, 2), "old", Tensor.zeros(DType.F32, 1)), Map.of());
        try (var file = SafeTensors.open(path); var weights = Weights.stored(file, DTypePolicy.F32)) {
            weights.get("a.weight", Init.ZEROS, 3, 2);
            for (int i = 0; i < 12; i++) {
                weights.get("b." + i, Init.ZEROS, 1);
            }
            assertThatThrownBy(weights::requireComplete).isInstanceOf(UserError.class).hasMessageContaining("w.safetensors")
                    .hasMessageContaining("12 missing (b.0,").hasMessageContaining("and 2 more")
                    .hasMessageContaining("1 not of this model (old)")
                    .hasMessageContaining("a.weight is [2, 2], not [3, 2]");
        }
    }

    @Test
    void complexNumbersAreNoWeights(@TempDir Path folder) throws IOException {
        var path = folder.resolve("w.safetensors");
        SafeTensors.write(path, Map.of("x", Tensor.zeros(DType.C64, 2)), Map.of());
        try (var file = SafeTensors.open(path);
                var stored = Weights.stored(file, DTypePolicy.F32);
                var fresh = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            stored.get("x", Init.ZEROS, 2);
            assertThatThrownBy(stored::requireComplete).isInstanceOf(UserError.class)
                    .hasMessage(path + " does not fit the model: 1 complex, where weights are real (x is c64)");
            fresh.get("x", Init.ZEROS, 2);
            assertThatThrownBy(() -> fresh.load(file, name -> name)).isInstanceOf(UserError.class).hasMessageContaining("x is c64");
        }
    }

    @Test
    void loadingOverChangesCopiesToo(@TempDir Path folder) throws IOException {
        var path = folder.resolve("w.safetensors");
        SafeTensors.write(path, Map.of("x", Tensor.ones(DType.F32, 2, 2)), Map.of());
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.MIXED); var file = SafeTensors.open(path)) {
            var read = weights.in("model").get("x", Init.ZEROS, 2, 2);
            weights.in("model").load(file, name -> name.substring("model.".length()));
            assertThat(read.dtype()).isEqualTo(DType.BF16);
            assertThat(read.toFloats()).containsOnly(1);
            assertThatThrownBy(() -> weights.load(file, name -> name)).isInstanceOf(UserError.class)
                    .hasMessageContaining("missing (model.x)");
        }
    }

    @Test
    void inMixedPrecisionGradientsArriveAtTheMasterDtype() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.MIXED)) {
            var linear = Linear.of(weights, Init.XAVIER, 3, 2, true);
            weights.train(_ -> true);
            linear.apply(Tensor.ones(DType.BF16, 4, 3)).sum().backward();
            var parameter = weights.parameter("weight");
            assertThat(parameter.gradient().dtype()).isEqualTo(DType.F32);
            assertThat(parameter.gradient().toFloats()).containsOnly(4);
            assertThat(weights.parameter("bias").compute().dtype()).as("vectors keep the master's dtype").isEqualTo(DType.F32);
            try (var _ = Autograd.noGrad()) {
                parameter.master().fillInPlace(3);
            }
            weights.refreshCopies();
            assertThat(linear.weight_OI().toFloats()).containsOnly(3);
            weights.clearGradients();
            assertThat(parameter.gradient()).isNull();
        }
    }

    @Test
    void whatNoStageTrainsHasNoMaster() {
        var policy = DTypePolicy.MIXED.training(name -> name.startsWith("dit."));
        try (var weights = Weights.fresh(Seed.of(1), policy)) {
            weights.in("dit").get("w", Init.XAVIER, 4, 4);
            weights.in("llm").get("w", Init.XAVIER, 4, 4);
            weights.in("llm").get("norm", Init.ZEROS, 4);
            var trainable = weights.parameter("dit.w");
            assertThat(trainable.master().dtype()).isEqualTo(DType.F32);
            assertThat(trainable.compute().dtype()).isEqualTo(DType.BF16);
            var frozen = weights.parameter("llm.w");
            assertThat(frozen.master()).isSameAs(frozen.compute());
            assertThat(frozen.compute().dtype()).isEqualTo(DType.BF16);
            assertThat(weights.parameter("llm.norm").master().dtype()).as("vectors stay in f32").isEqualTo(DType.F32);
        }
    }

    @Test
    void pureBf16HasNoMastersButForVectors() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.PURE)) {
            var w = weights.get("w", Init.XAVIER, 4, 4);
            var bias = weights.get("bias", Init.ZEROS, 4);
            weights.train(_ -> true);
            w.sum().add(bias.sum()).backward();
            assertThat(weights.parameter("w").master()).isSameAs(w);
            assertThat(w.dtype()).isEqualTo(DType.BF16);
            assertThat(bias.dtype()).isEqualTo(DType.F32);
            assertThat(weights.parameter("w").gradient().dtype()).isEqualTo(DType.F32);
        }
    }
}
