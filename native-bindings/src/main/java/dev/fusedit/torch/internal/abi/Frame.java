package dev.fusedit.torch.internal.abi;

import static dev.fusedit.torch.internal.abi.NativeMemory.getLong;
import static dev.fusedit.torch.internal.abi.NativeMemory.setLong;

import dev.fusedit.torch.TorchException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// One call of one operator: its arguments are pushed in the schema's order, all of them, then it is run.
///
/// A frame belongs to its thread and is used again for every call, so that an op costs no allocation. Arguments are evaluated
/// before [#begin]: a frame begun inside another's building would overwrite it (the argument count tells). Handles pushed are
/// copied, the call consumes the copies, the caller's stay the caller's.
///
/// Encodings (torch/csrc/stable/stableivalue_conversions.h): a word each; optional = 0 or a malloc'ed word; lists and strings by handle.
public final class Frame {
    private static final ThreadLocal<Frame> CURRENT = ThreadLocal.withInitial(Frame::new);
    private static final int WORDS = 64;
    /// Of what [#empty] makes.
    public static final int MAX_RANK = WORDS / 2;
    /// The encodings are those of libtorch 2.10, which later versions keep for callers that say so.
    static final long ENCODING = 2L << 56 | 10L << 48;

    private enum Owned { NOTHING, TENSOR, OPTIONAL_TENSOR, OPTIONAL, LIST, TENSOR_LIST, STRING, OPTIONAL_STRING }

    private final long stack = Handles.malloc(8L * (WORDS + 2));
    private final long scratch = stack + 8L * WORDS;
    private final Owned[] owned = new Owned[WORDS];
    private final ReadSection section = ReadSection.current();
    /// For the text of a failure: the tensors, and in the gaps the handles of numbers.
    private @Nullable Operand[] operands = new Operand[WORDS];
    private long[] numbers = new long[WORDS];
    private int operandCount;
    private int words;
    private Op op;

    private Frame() { op = Op.of("none", "", 0); }

    public static Frame begin(Op op) {
        var frame = CURRENT.get();
        if (frame.words > 0) {
            frame.abandon(); // an argument's evaluation threw
        }
        frame.op = op;
        frame.operandCount = 0;
        return frame;
    }

    public Frame tensor(Operand operand) {
        newHandle(operand, stack + 8L * words);
        owned[words++] = Owned.TENSOR;
        return this;
    }

    /// A handle that is the caller's alone, such as a number's.
    public Frame tensor(long handle) {
        newHandle(handle, stack + 8L * words);
        owned[words++] = Owned.TENSOR;
        return this;
    }

    /// `Tensor?`: null is none.
    public Frame optionalTensor(@Nullable Operand operand) {
        if (operand == null) return none();
        newHandle(operand, scratch);
        return push(boxed(getLong(scratch)), Owned.OPTIONAL_TENSOR);
    }

    /// As [#tensor(long)].
    public Frame optionalTensor(long handle) {
        newHandle(handle, scratch);
        return push(boxed(getLong(scratch)), Owned.OPTIONAL_TENSOR);
    }

    public Frame tensors(List<? extends Operand> tensors) {
        var copies = new long[tensors.size()];
        int copied = 0;
        try {
            for (var tensor : tensors) {
                newHandle(tensor, scratch);
                copies[copied++] = getLong(scratch);
            }
        } finally {
            if (copied < copies.length) {
                Arrays.stream(copies, 0, copied).forEach(Handles::delete); // one of them is closed
            }
        }
        return push(list(copies), Owned.TENSOR_LIST);
    }

    public Frame i64(long value) { return push(value, Owned.NOTHING); }

    public Frame f64(double value) { return push(Double.doubleToRawLongBits(value), Owned.NOTHING); }

    public Frame bool(boolean value) { return push(value ? 1 : 0, Owned.NOTHING); }

    public Frame none() { return push(0, Owned.NOTHING); }

    public Frame optional(long word) { return push(boxed(word), Owned.OPTIONAL); }

    public Frame optional(double value) { return optional(Double.doubleToRawLongBits(value)); }

    public Frame device(int type, int index) { return push((long) type << 32 | index & 0xFFFFFFFFL, Owned.NOTHING); }

    public Frame optionalDevice(int type, int index) { return optional((long) type << 32 | index & 0xFFFFFFFFL); }

    public Frame ints(long... values) { return push(list(values), Owned.LIST); }

    public Frame optionalInts(long... values) { return push(boxed(list(values)), Owned.OPTIONAL); }

    public Frame string(String text) { return push(stringHandle(text), Owned.STRING); }

    public Frame optionalString(String text) { return push(boxed(stringHandle(text)), Owned.OPTIONAL_STRING); }

    // ---- parts for nested values of a generic call; what is made here is given back by the call alone, so nothing may throw in between

    /// Pushes a word as it is.
    public Frame word(long word) { return push(word, Owned.NOTHING); }

    /// A copy of a handle, inside a list or an optional. The tensor is open.
    public long newTensor(Operand operand) {
        newHandle(operand, scratch);
        return getLong(scratch);
    }

    public long newOptional(long word) { return boxed(word); }

    public long newList(long[] words) { return list(words); }

    public long newString(String text) { return stringHandle(text); }

    /// The words of a list that an op returned; the list itself is freed.
    public long[] listWords(long list) { return unpack(list); }

    private long stringHandle(String text) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        var copy = Handles.malloc(Math.max(1, bytes.length));
        NativeMemory.at(copy, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
        try {
            Handles.check((int) TorchAbi.NEW_STRING.invokeExact(copy, (long) bytes.length, scratch));
            TorchAbi.FREE.invokeExact(copy);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
        return getLong(scratch);
    }

    /// Runs an op whose one result is a tensor; the handle is the caller's.
    public long call() {
        run();
        return getLong(stack);
    }

    /// Runs an op with several tensors as results.
    public long[] call(int results) {
        run();
        var handles = new long[results];
        for (int i = 0; i < results; i++) {
            handles[i] = getLong(stack + 8L * i);
        }
        return handles;
    }

    /// Runs an op whose result is a list of tensors.
    public long[] callForList() {
        run();
        return unpack(getLong(stack));
    }

    /// Runs an op that changes its first argument and returns it again: that second handle is dropped.
    public void callInPlace() { Handles.delete(call()); }

    /// Runs an op whose result is a number or nothing; the result word as it is.
    public long callForWord() { return call(); }

    /// self - alpha · other by its own entry, since `sub.Tensor` takes a Scalar, which the dispatcher's C ABI does not know. It takes no references
    /// of its own: what others could free is guarded until it has ended.
    public static long subtract(Op op, Operand self, Operand other, double alpha) {
        var frame = begin(op);
        long left = self.confined();
        long right = other.confined();
        frame.remember(self);
        frame.remember(other);
        if (left != 0 && right != 0) return frame.subtract(left, right, alpha);
        try (var _ = frame.section.begin()) {
            return frame.subtract(frame.open(self), frame.open(other), alpha);
        }
    }

    /// As [#subtract(Op, Operand, Operand, double)], of a number as a 0-dim tensor that is the caller's alone.
    public static long subtract(Op op, Operand self, long number, double alpha) {
        var frame = begin(op);
        long left = self.confined();
        frame.remember(self);
        frame.remember(number);
        if (left != 0) return frame.subtract(left, number, alpha);
        try (var _ = frame.section.begin()) {
            return frame.subtract(frame.open(self), number, alpha);
        }
    }

    private long subtract(long self, long other, double alpha) {
        var watch = CallWatch.looking();
        long start = watch == null ? 0 : System.nanoTime();
        try {
            if ((int) TorchAbi.SUBTRACT.invokeExact(self, other, alpha, scratch) != 0) {
                throw failure();
            }
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
        if (watch != null) {
            watch.called(this, System.nanoTime() - start);
        }
        return getLong(scratch);
    }

    /// A new row-major tensor of unset elements by its own entry, which does without the dispatcher: a third of the time.
    public static long empty(Op op, int dtype, int deviceType, int deviceIndex, long... sizes) {
        var frame = begin(op);
        var strides = frame.stack + 8L * MAX_RANK;
        long stride = 1;
        for (int i = sizes.length - 1; i >= 0; i--) {
            setLong(frame.stack + 8L * i, sizes[i]);
            setLong(strides + 8L * i, stride);
            var steps = Math.max(1, sizes[i]);
            stride = stride > Long.MAX_VALUE / steps ? Long.MAX_VALUE : stride * steps; // what does not fit is libtorch's to refuse
        }
        var watch = CallWatch.looking();
        long start = watch == null ? 0 : System.nanoTime();
        try {
            if ((int) TorchAbi.EMPTY_STRIDED.invokeExact((long) sizes.length, frame.stack, strides, dtype, deviceType, deviceIndex,
                    frame.scratch) != 0) {
                throw frame.failure();
            }
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
        if (watch != null) {
            watch.called(frame, System.nanoTime() - start);
        }
        return getLong(frame.scratch);
    }

    private void run() {
        if (words != op.arguments()) {
            var pushed = words;
            abandon();
            throw new IllegalStateException("%s takes %d arguments, %d were pushed".formatted(op.name(), op.arguments(), pushed));
        }
        words = 0;
        var watch = CallWatch.looking();
        long start = watch == null ? 0 : System.nanoTime();
        int code;
        try {
            code = (int) TorchAbi.CALL.invokeExact(op.nameAddress(), op.overloadAddress(), stack, ENCODING);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
        if (watch != null) {
            watch.called(this, System.nanoTime() - start);
        }
        if (code != 0) {
            throw failure();
        }
    }

    /// Of the call: its name.
    String opName() { return op.name(); }

    /// Handles of the tensors that were pushed, numbers that became tensors not among them. They stay those of the call.
    long[] operands() {
        try (var _ = section.begin()) {
            return IntStream.range(0, operandCount).mapToObj(i -> operands[i]).filter(Objects::nonNull).mapToLong(this::open).toArray();
        }
    }

    private TorchException failure() {
        var sentence = LastError.text(); // before anything else is asked of libtorch
        return new TorchException(op.name(), sentence, IntStream.range(0, Math.min(operandCount, 8)).mapToObj(i -> {
            var operand = operands[i];
            return operand == null ? OperandText.of(numbers[i]) : OperandText.of(operand);
        }).toList());
    }

    private void remember(@Nullable Operand operand) {
        if (operandCount == operands.length) {
            operands = Arrays.copyOf(operands, 2 * operandCount);
            numbers = Arrays.copyOf(numbers, 2 * operandCount);
        }
        operands[operandCount++] = operand;
    }

    private void remember(long number) {
        remember(null);
        numbers[operandCount - 1] = number;
    }

    /// Inside of a section.
    private long open(Operand operand) {
        long own = operand.confined();
        long handle = own != 0 ? own : operand.guarded(section);
        if (handle == 0) {
            abandon();
            throw new IllegalStateException(op.name() + ": a tensor was used after its scope was closed or it was freed");
        }
        return handle;
    }

    /// From here on the call has a reference of its own: nobody's freeing disturbs it.
    private void newHandle(Operand operand, long out) {
        long own = operand.confined();
        if (own != 0) {
            copy(own, out);
        } else {
            try (var _ = section.begin()) {
                copy(open(operand), out);
            }
        }
        remember(operand);
    }

    private void newHandle(long number, long out) {
        copy(number, out);
        remember(number);
    }

    private static void copy(long handle, long out) {
        try {
            Handles.check((int) TorchAbi.NEW_HANDLE.invokeExact(handle, out));
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    private Frame push(long word, Owned what) {
        setLong(stack + 8L * words, word);
        owned[words++] = what;
        return this;
    }

    private static long boxed(long word) {
        var address = Handles.malloc(8);
        setLong(address, word);
        return address;
    }

    private long list(long[] values) {
        var list = newList(values.length);
        for (var value : values) {
            append(list, value);
        }
        return list;
    }

    private long newList(int capacity) {
        try {
            Handles.check((int) TorchAbi.NEW_LIST.invokeExact((long) capacity, scratch));
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
        return getLong(scratch);
    }

    private static void append(long list, long word) {
        try {
            Handles.check((int) TorchAbi.PUSH.invokeExact(list, word));
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    private long[] unpack(long list) {
        try {
            Handles.check((int) TorchAbi.LIST_SIZE.invokeExact(list, scratch));
            var result = new long[(int) getLong(scratch)];
            for (int i = 0; i < result.length; i++) {
                Handles.check((int) TorchAbi.LIST_ITEM.invokeExact(list, (long) i, scratch));
                result[i] = getLong(scratch);
            }
            Handles.check((int) TorchAbi.DELETE_LIST.invokeExact(list));
            return result;
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    /// Gives back what was pushed for a call that will not happen.
    private void abandon() {
        for (int i = 0; i < words; i++) {
            var word = getLong(stack + 8L * i);
            switch (owned[i]) {
                case NOTHING -> {}
                case TENSOR -> Handles.delete(word);
                case OPTIONAL_TENSOR -> {
                    Handles.delete(getLong(word));
                    free(word);
                }
                case OPTIONAL -> free(word);
                case LIST -> delete(TorchAbi.DELETE_LIST, word);
                case TENSOR_LIST -> Arrays.stream(unpack(word)).forEach(Handles::delete);
                case STRING -> delete(TorchAbi.DELETE_STRING, word);
                case OPTIONAL_STRING -> {
                    delete(TorchAbi.DELETE_STRING, getLong(word));
                    free(word);
                }
            }
        }
        words = 0;
    }

    private static void free(long address) {
        try {
            TorchAbi.FREE.invokeExact(address);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }

    private static void delete(MethodHandle deleter, long handle) {
        try {
            int _ = (int) deleter.invokeExact(handle);
        } catch (Throwable e) {
            throw Handles.unexpected(e);
        }
    }
}
