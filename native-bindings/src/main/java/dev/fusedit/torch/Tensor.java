package dev.fusedit.torch;

import static com.google.common.base.Preconditions.checkArgument;

import dev.fusedit.torch.internal.abi.Frame;
import dev.fusedit.torch.internal.abi.Handles;
import dev.fusedit.torch.internal.abi.ReadSection;
import dev.fusedit.torch.internal.abi.TorchState;
import dev.fusedit.torch.internal.ops.Aten;
import java.util.Arrays;
import java.util.function.LongUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// An array in libtorch.
///
/// Ops return new handles, owned by the innermost open [TensorScope] of the thread; a tensor used after its scope was closed throws
/// [IllegalStateException] naming the op. Ops whose name ends in `InPlace` change the tensor itself; all others leave it as it is.
/// Shapes broadcast and dtypes promote as in PyTorch. An op that libtorch refuses throws [TorchException] with its sentence and
/// the operands' shapes.
///
/// `equals` is identity; [#allClose] compares values. Any thread may use a tensor, and none can bring the process down by freeing it:
/// an op holds references of its own, and what frees a tensor waits for who reads its memory ([TensorScope]). A tensor of a stack scope is freed
/// by that scope's thread alone. Values that one thread writes while another reads are either's, and a tensor whose shape or storage is
/// changed in place (`resize_`, `set_`, `set_data` by [Torch]) must be one thread's meanwhile, as in PyTorch.
public final class Tensor extends TensorLayers implements TensorRecord<Tensor> {
    /// Takes over a handle; for this module's own use.
    Tensor(long handle) {
        super(handle);
        TensorScope.add(this, handle);
        HandleTrace.made(this);
    }

    @Override
    public Stream<Tensor> tensors() { return Stream.of(this); }

    @Override
    public Tensor replaced(UnaryOperator<Tensor> each) { return each.apply(this); }

    // ---- from Java

    /// A copy of `data` in row-major order; without a shape, a vector.
    public static Tensor of(float[] data, long... shape) {
        var result = forData(DType.F32, data.length, shape);
        HostCopies.toNative(data, result);
        return result;
    }

    public static Tensor of(double[] data, long... shape) {
        var result = forData(DType.F64, data.length, shape);
        HostCopies.toNative(data, result);
        return result;
    }

    public static Tensor of(long[] data, long... shape) {
        var result = forData(DType.I64, data.length, shape);
        HostCopies.toNative(data, result);
        return result;
    }

    public static Tensor of(int[] data, long... shape) {
        var result = forData(DType.I32, data.length, shape);
        HostCopies.toNative(data, result);
        return result;
    }

    /// Bytes as u8.
    public static Tensor of(byte[] data, long... shape) {
        var result = forData(DType.U8, data.length, shape);
        HostCopies.toNative(data, result);
        return result;
    }

    public static Tensor of(boolean[] data, long... shape) {
        var result = forData(DType.BOOL, data.length, shape);
        HostCopies.toNative(data, result);
        return result;
    }

    /// A complex tensor of real and imaginary parts: c64 of f32, c128 of f64.
    public static Tensor complex(Tensor real, Tensor imaginary) {
        return own(Frame.begin(Aten.COMPLEX).tensor(real).tensor(imaginary).call());
    }

    /// A 0-dim tensor.
    public static Tensor scalar(double value, DType dtype) {
        return TensorScope.scoped(() -> of(new double[] {value}).reshape().to(dtype));
    }

    private static Tensor forData(DType dtype, int length, long[] shape) {
        var sizes = shape.length == 0 ? new long[] {length} : shape;
        var numel = Arrays.stream(sizes).reduce(1, Math::multiplyExact);
        checkArgument(numel == length, "%s elements do not fill shape %s", length, Arrays.toString(sizes));
        return empty(dtype, sizes);
    }

    // ---- new tensors

    /// Unset elements on the CPU.
    public static Tensor empty(DType dtype, long... shape) { return empty(dtype, Device.CPU, shape); }

    public static Tensor empty(DType dtype, Device device, long... shape) {
        TorchState.load();
        device.available();
        return own(shape.length > Frame.MAX_RANK ? made(Frame.begin(Aten.EMPTY), dtype, device, shape).none().call()
                : Frame.empty(Aten.EMPTY, dtype.code(), device.kind().code(), device.index(), shape));
    }

    public static Tensor zeros(DType dtype, long... shape) { return zeros(dtype, Device.CPU, shape); }

    public static Tensor zeros(DType dtype, Device device, long... shape) {
        TorchState.load();
        return own(made(Frame.begin(Aten.ZEROS), dtype, device, shape).call());
    }

    public static Tensor ones(DType dtype, long... shape) { return ones(dtype, Device.CPU, shape); }

    public static Tensor ones(DType dtype, Device device, long... shape) {
        TorchState.load();
        return own(made(Frame.begin(Aten.ONES), dtype, device, shape).call());
    }

    public static Tensor full(double value, DType dtype, long... shape) { return full(value, dtype, Device.CPU, shape); }

    public static Tensor full(double value, DType dtype, Device device, long... shape) {
        var result = empty(dtype, device, shape);
        result.fillInPlace(value);
        return result;
    }

    /// 0, 1, … n − 1 as i64.
    public static Tensor arange(long n) {
        checkArgument(n >= 0 && n <= Integer.MAX_VALUE, "arange takes 0 to 2^31 - 1, got %s", n);
        var values = new long[(int) n];
        Arrays.setAll(values, i -> i);
        return of(values);
    }

    /// The identity matrix.
    public static Tensor eye(int n, DType dtype) {
        return TensorScope.scoped(() -> arange(n).unsqueeze(1).eq(arange(n)).to(dtype));
    }

    /// Standard normal values, the same for the same seed (PyTorch's CPU stream after `manual_seed`).
    public static Tensor randn(Seed seed, DType dtype, long... shape) { return seed.stream().randn(dtype, shape); }

    /// Uniform values in [0, 1).
    public static Tensor rand(Seed seed, DType dtype, long... shape) { return seed.stream().rand(dtype, shape); }

    private static Frame made(Frame frame, DType dtype, Device device, long[] shape) {
        device.available();
        return frame.ints(shape).optional((long) dtype.code()).none().optionalDevice(device.kind().code(), device.index()).none();
    }

    // ---- conversion and copies

    private void requireReal(DType target) {
        if (!target.isComplex() && isComplex()) {
            throw new IllegalArgumentException(("a %s tensor has imaginary parts, which %s would drop: viewAsReal() shows both parts, "
                    + "Torch.call(\"real\", \"\", x) and Torch.call(\"imag\", \"\", x) one each")
                    .formatted(DType.text(dtypeCode()), target));
        }
    }

    /// This tensor if it has the dtype already, else a converted copy.
    ///
    /// @throws IllegalArgumentException if imaginary parts would be lost
    public Tensor to(DType dtype) {
        requireReal(dtype);
        return own(Frame.begin(Aten.TO_DTYPE).tensor(this).i64(dtype.code()).bool(false).bool(false).none().call());
    }

    /// This tensor if it is there already, else a copy on the device. One from the CPU's memory to a GPU is queued like an op: nobody waits for it.
    ///
    /// @throws LibtorchUnavailable as [Device#available]
    public Tensor to(Device device) {
        device.available();
        return own(
                Frame.begin(Aten.TO_DEVICE).tensor(this).device(device.kind().code(), device.index()).i64(dtypeCode())
                        .bool(!device.isCpu() && device().isCpu())
                        .bool(false).none().call());
    }

    /// Elements in row-major order, converted to f32; a copy.
    public float[] toFloats() {
        HostReads.check("toFloats");
        return HostCopies.floats(this);
    }

    public double[] toDoubles() {
        HostReads.check("toDoubles");
        return HostCopies.doubles(this);
    }

    /// Elements as longs; floating ones are truncated.
    public long[] toLongs() {
        HostReads.check("toLongs");
        return HostCopies.longs(this);
    }

    /// Elements of a u8, i8 or bool tensor.
    public byte[] toBytes() {
        HostReads.check("toBytes");
        return HostCopies.bytes(this);
    }

    /// The one element as a double.
    public double item() {
        HostReads.check("item");
        checkArgument(numel() == 1, "item needs one element, the shape is %s", Arrays.toString(shape()));
        return toDoubles()[0];
    }

    /// The one element as a long.
    public long itemLong() {
        HostReads.check("itemLong");
        checkArgument(numel() == 1, "item needs one element, the shape is %s", Arrays.toString(shape()));
        return toLongs()[0];
    }

    // ---- in place

    /// Takes the values of `source`, which may be of another dtype or device, and broadcasts.
    public void copyInPlace(Tensor source) {
        source.requireReal(dtype());
        Frame.begin(Aten.COPY_).tensor(this).tensor(source).bool(false).callInPlace();
    }

    public void zeroInPlace() { Frame.begin(Aten.ZERO_).tensor(this).callInPlace(); }

    public void fillInPlace(double value) {
        Numbers.inPlace(Aten.FILL_, this, value);
    }

    // ---- autograd

    /// Marks a leaf for gradients, or unmarks it. Returns this.
    public Tensor requiresGrad(boolean required) {
        Frame.begin(Aten.REQUIRES_GRAD_).tensor(this).bool(required).callInPlace();
        return this;
    }

    public boolean requiresGrad() { return ask("requiresGrad", handle -> Handles.requiresGrad(handle) ? 1 : 0) != 0; }

    /// True if no op made this tensor, as far as autograd knows.
    public boolean isLeaf() { return (Frame.begin(Aten.IS_LEAF).tensor(this).callForWord() & 1) != 0; }

    /// The accumulated gradient, as a new handle on it.
    public @Nullable Tensor grad() {
        var gradient = ask("grad", Handles::grad);
        return gradient == 0 ? null : resolved(gradient);
    }

    /// Sets the gradient; null clears it.
    ///
    /// @throws IllegalArgumentException if it has another shape, dtype or device than this tensor, or is this tensor
    public void setGrad(@Nullable Tensor gradient) {
        if (gradient != null) {
            checkArgument(gradient != this, "a tensor cannot be its own gradient");
            checkArgument(
                    dtypeCode() == gradient.dtypeCode() && Arrays.equals(shape(), gradient.shape()) && device().equals(gradient.device()),
                    "a gradient of %s %s for a tensor of %s %s", gradient.dtype(), Arrays.toString(gradient.shape()), dtype(),
                    Arrays.toString(shape()));
        }
        try (var section = ReadSection.enter()) {
            Handles.setGrad(open("setGrad", section), gradient == null ? 0 : gradient.open("setGrad", section));
        }
    }

    public void clearGrad() { setGrad(null); }

    /// A second handle on this very tensor, for another owner.
    public Tensor anotherHandle() { return own(ask("anotherHandle", Handles::copy)); }

    /// The same values outside the graph, sharing the storage.
    public Tensor detach() { return unary(Aten.DETACH); }

    /// Adds d(this)/d(leaf) to the gradient of every leaf that requires one. This must be one number.
    public void backward() { Autograd.backward(this, null); }

    // ---- comparison and text

    /// True if shapes are equal and |this − other| ≤ absolute + relative · |other| everywhere (NaN is never close). Complex numbers are
    /// compared with complex ones, part by part.
    public boolean allClose(Tensor other, double relative, double absolute) {
        if (!Arrays.equals(shape(), other.shape())) {
            return false;
        }
        if (isComplex() != other.isComplex()) {
            return false;
        }
        try (var _ = TensorScope.open()) {
            var a = (isComplex() ? viewAsReal() : this).to(DType.F64);
            var b = (other.isComplex() ? other.viewAsReal() : other).to(DType.F64);
            var same = a.eq(b).logicalOr(a.sub(b).abs().le(b.abs().mul(relative).add(absolute)));
            return same.all().itemLong() == 1;
        }
    }

    /// True if shapes, dtypes and all bits of the values agree (NaN equals nothing).
    public boolean sameValues(Tensor other) {
        HostReads.check("sameValues");
        return dtype() == other.dtype() && Arrays.equals(shape(), other.shape())
                && (Frame.begin(Aten.EQUAL).tensor(this).tensor(other).callForWord() & 1) != 0;
    }

    /// Where the data begins; valid while a handle on the storage lives. 0 for a tensor without elements. Who reads there what another thread may free does so in a [ReadSection]
    /// in which the address was asked for.
    ///
    /// @throws IllegalStateException if its elements do not lie in memory (sparse ones, oneDNN's own layouts, zeros not yet written)
    public long dataAddress() {
        HostReads.check("dataAddress");
        checkArgument(!device().isMeta(), "a tensor on the meta device has no memory");
        return memory();
    }

    /// As [#dataAddress], of memory that was made on the CPU just now, or copied there.
    long memory() { return ask("dataAddress", Handles::memory); }

    /// Whether both begin at the same address of a device's memory. Nobody looks there, so nobody waits; false where there is no memory.
    public boolean beginsWith(Tensor other) {
        long begin = ask("beginsWith", Handles::data);
        return begin != 0 && begin == other.ask("beginsWith", Handles::data);
    }

    /// The `at::Tensor*` behind this tensor, borrowed: it stays this tensor's, as [#dataAddress] does. For the interop package.
    public long borrowHandle() { return ask("borrowHandle", LongUnaryOperator.identity()); }

    /// Takes over an owned `at::Tensor*` into the innermost scope. For the interop package: an address that is none ends the process.
    public static Tensor adoptHandle(long handle) {
        checkArgument(handle != 0, "0 is no tensor's address");
        return new Tensor(handle);
    }

    /// As PyTorch prints it; `tensor(closed)` once it is freed.
    @Override
    public String toString() { return isClosed() ? "tensor(closed)" : TensorText.of(this); }
}
