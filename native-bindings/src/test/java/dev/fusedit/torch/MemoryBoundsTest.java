package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.FusedAdamW.Settings;
import dev.fusedit.torch.fused.FusedGate;
import dev.fusedit.torch.fused.FusedHeads;
import dev.fusedit.torch.fused.FusedNorm;
import dev.fusedit.torch.fused.FusedSum;
import dev.fusedit.torch.io.SafeTensorsCopy;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/// Whatever sizes, indices and tensors Java hands over: an exception, and no look beyond a tensor's memory, which would end the process.
@ExtendWith(NoTensorLeaks.class)
class MemoryBoundsTest {
    private static final long MOST = Long.MAX_VALUE;
    private static final int ROWS = 4096;

    private static Tensor ones(long... shape) { return Tensor.ones(DType.F32, shape); }

    private static Tensor index(long value) { return Tensor.of(new long[] {value}); }

    private static DynamicTest refused(String name, ThrowingCallable call) {
        return DynamicTest.dynamicTest(name, () -> {
            try (var _ = TensorScope.open()) {
                assertThatThrownBy(call).isInstanceOfAny(IllegalArgumentException.class, ArithmeticException.class,
                        IndexOutOfBoundsException.class, TorchException.class);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> shapesThatNoMemoryHolds() {
        return Stream.of(refused("product beyond 64 bits", () -> Tensor.empty(DType.F32, MOST, 4)),
                refused("product that wraps to 0", () -> Tensor.empty(DType.F32, 1L << 32, 1L << 32)),
                refused("bytes that wrap", () -> Tensor.empty(DType.F64, (1L << 61) + 1)),
                refused("negative sizes whose product fits", () -> Tensor.of(new float[6], -2, -3)),
                refused("negative sizes of a segment", () -> Segments.tensor(MemorySegment.ofArray(new byte[8]), DType.F32, -2, -1)),
                refused("segment too short", () -> Segments.tensor(MemorySegment.ofArray(new byte[8]), DType.F32, 1 << 20)),
                refused("segment too short to copy to", () -> Segments.copy(ones(8), MemorySegment.ofArray(new byte[8]))),
                refused("zeros", () -> Tensor.zeros(DType.F64, (1L << 61) + 1)),
                refused("full", () -> Tensor.full(1, DType.F32, MOST, MOST)),
                refused("expanded to an array", () -> ones(1).expand(1L << 40).toFloats()));
    }

    @TestFactory
    Stream<DynamicTest> indicesOutOfRange() {
        return Stream.of(refused("get", () -> ones(4).get(7)), refused("size", () -> ones(4).size(3)),
                refused("indexSelect", () -> ones(4).indexSelect(0, index(1L << 40))),
                refused("gather", () -> ones(4).gather(0, index(-1L << 40))),
                refused("embedding", () -> ones(4, 2).embedding(index(1L << 40))),
                refused("crossEntropy", () -> ones(1, 2).crossEntropy(index(70_000), -100)),
                refused("asStrided", () -> ones(4).asStrided(new long[] {1 << 20}, new long[] {1 << 10})),
                refused("an offset by schema", () -> Torch.call("as_strided", "", ones(4), List.of(4), List.of(1), 1L << 40)));
    }

    /// Kernels over memory take shapes that fit each other only.
    @TestFactory
    Stream<DynamicTest> operandsOfKernelsThatDoNotFit() {
        Supplier<Tensor> large = () -> ones(ROWS, 256);
        Supplier<Tensor> small = () -> ones(1, 256);
        return Stream.of(refused("gate", () -> FusedGate.SILU.forward(large.get(), small.get())),
                refused("gate backward", () -> FusedGate.SILU.backwardInPlace(large.get(), small.get(), small.get())),
                refused("norm", () -> FusedNorm.forward(ones(3, 256), ones(4, 256), null, 1e-6)),
                refused("norm's shift", () -> FusedNorm.forward(large.get(), large.get(), small.get(), 1e-6)),
                refused("norm backward", () -> FusedNorm.backward(large.get(), small.get(), ones(256), false, 1e-6, small.get(), false)),
                refused("sum", () -> FusedSum.forward(large.get(), small.get(), small.get())),
                refused("sum's factors", () -> FusedSum.forward(ones(4, 256), ones(4, 256), ones(3, 256))),
                refused("sum in place", () -> FusedSum.add(large.get(), small.get())),
                refused("sum of parts", () -> FusedSum.of(List.of(small.get()), large.get())),
                refused("sum backward", () -> FusedSum.backward(large.get(), small.get(), small.get(), large.get())),
                refused("heads backward", () -> new FusedHeads(4, null, 1e-6, null, null).backward(ones(1, ROWS, 256), ones(1, 1, 256),
                        ones(1, 1, 256))),
                refused("no heads", () -> new FusedHeads(0, null, 1e-6, null, null)),
                refused("AdamW's moments", () -> adamW(ones(1 << 20), ones(1 << 20), ones(1))),
                refused("AdamW's gradient", () -> adamW(ones(1 << 20), ones(1), ones(1 << 20))),
                refused("a gradient's shape", () -> ones(3).requiresGrad(true).setGrad(ones(7))),
                refused("a gradient's dtype", () -> ones(3).requiresGrad(true).setGrad(Tensor.ones(DType.I64, 3))),
                refused("a tensor as its own gradient", () -> {
                    var x = ones(3).requiresGrad(true);
                    x.setGrad(x);
                }));
    }

    private static void adamW(Tensor weight, Tensor gradient, Tensor moment) {
        FusedAdamW.step(List.of(weight), List.of(gradient), List.of(moment), List.of(ones(weight.shape())), 1, 0.1,
                new Settings(0.9, 0.99, 1e-8, 0));
    }

    @Test
    void whatHasNoMemoryOfItsOwnIsNotRead() {
        var zeros = Torch.call("_efficientzerotensor", "", List.of(1 << 20)).tensor();
        assertThatThrownBy(zeros::toFloats).isInstanceOf(IllegalStateException.class).hasMessageContaining("to_dense");
        assertThat(zeros.copy().toFloats()).containsOnly(0);
        var packed = Torch.call("to_mkldnn", "", ones(4)).tensor();
        assertThatThrownBy(packed::toFloats).isInstanceOf(IllegalStateException.class).hasMessageContaining("to_dense");
        assertThat(Torch.call("to_dense", "", packed).tensor().toFloats()).containsOnly(1);
        var sparse = Torch.call("to_sparse", "", ones(4)).tensor();
        assertThatThrownBy(sparse::dataAddress).isInstanceOf(IllegalStateException.class).hasMessageContaining("to_dense");
        assertThat(TensorScope.liveBytes()).as("what can be counted").isPositive();
    }

    @Test
    void aDtypeThatAnOpChangedIsAskedAnew() {
        var x = ones(1 << 16);
        assertThat(x.dtype()).isEqualTo(DType.F32);
        Torch.call("set_data", "", x, Tensor.ones(DType.U8, 1 << 16));
        assertThat(x.dtype()).isEqualTo(DType.U8);
        assertThat(x.toFloats()).containsOnly(1);
    }

    @Test
    void aCopyForAFileIsNotWrittenOnceClosed() {
        var copy = SafeTensorsCopy.of(Map.of("x", ones(1 << 16)), Map.of());
        copy.close();
        copy.close();
        assertThatThrownBy(() -> copy.writeTo(Channels.newChannel(new ByteArrayOutputStream()))).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void zeroIsNoTensorsAddress() {
        assertThatThrownBy(() -> Tensor.adoptHandle(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
