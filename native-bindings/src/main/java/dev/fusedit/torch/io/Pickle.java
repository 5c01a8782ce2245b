package dev.fusedit.torch.io;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A pickle machine that cannot run anything. Python's has an instruction that imports any function and one that calls it; here
/// the names of [PtGlobal] are all that exists, and a call makes one of a few records ([PtValues]). Everything else is refused by
/// name.
///
/// Values: null, Boolean, Long, Double, String, List (list and tuple), Map with scalar keys, byte[], [PtObject], [PtTensor], [PtStorage],
/// [PtGlobal].
/// The instructions are those that PyTorch writes with the protocols 2 to 5 (Python's `pickletools` describes them).
final class Pickle {
    /// On the stack where a tuple or a group of items begins.
    private static final Object MARK = new Object();

    private final PickleInput in;
    private final ArrayList<@Nullable Object> stack = new ArrayList<>();
    private final Map<Integer, @Nullable Object> memo = new HashMap<>();

    private final Map<String, PtStorage> storages;

    private Pickle(PickleInput in, Map<String, PtStorage> storages) {
        this.in = in;
        this.storages = storages;
    }

    /// Reads one pickle, up to its STOP.
    ///
    /// @param storages takes every storage that the pickle names
    static @Nullable Object read(PickleInput in, Map<String, PtStorage> storages) {
        var machine = new Pickle(in, storages);
        var begin = in.position();
        while (true) {
            var code = in.u8();
            if (code == '.') {
                return machine.pop();
            }
            if (!machine.isNumber(code) && !machine.isText(code) && !machine.isContainer(code) && !machine.isObject(code)) {
                throw new PickleException("is no PyTorch file, or has the pickle instruction 0x%02x (byte %d), which PyTorch does not write"
                        .formatted(code, in.position() - 1 - begin));
            }
        }
    }

    private boolean isNumber(int code) {
        switch (code) {
            case 'N' -> stack.add(null);
            case 0x88 -> stack.add(true);
            case 0x89 -> stack.add(false);
            case 'K' -> stack.add((long) in.u8());
            case 'M' -> stack.add((long) in.u16());
            case 'J' -> stack.add((long) in.i32());
            case 'G' -> stack.add(in.bigEndianDouble());
            case 0x8a -> stack.add(PtValues.number(in.bytes(in.u8()))); // LONG1
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean isText(int code) {
        switch (code) {
            case 'X' -> stack.add(in.text(Integer.toUnsignedLong(in.i32()))); // BINUNICODE
            case 0x8c -> stack.add(in.text(in.u8()));
            case 0x8d -> stack.add(in.text(in.i64()));
            case 'U' -> stack.add(in.text(in.u8())); // SHORT_BINSTRING, from Python 2
            case 'T' -> stack.add(in.text(Integer.toUnsignedLong(in.i32())));
            case 'C' -> stack.add(in.bytes(in.u8()));
            case 'B' -> stack.add(in.bytes(Integer.toUnsignedLong(in.i32())));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean isContainer(int code) {
        switch (code) {
            case '(' -> stack.add(MARK);
            case ')' -> stack.add(new ArrayList<>());
            case ']' -> stack.add(new ArrayList<>());
            case '}' -> stack.add(new LinkedHashMap<>());
            case 't' -> stack.add(popMark());
            case 0x85 -> stack.add(popLast(1));
            case 0x86 -> stack.add(popLast(2));
            case 0x87 -> stack.add(popLast(3));
            case 'a' -> addAll(popLast(1));
            case 'e' -> addAll(popMark());
            case 's' -> putAll(popLast(2));
            case 'u' -> putAll(popMark());
            case '0' -> pop();
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean isObject(int code) {
        switch (code) {
            case 0x80 -> protocol(in.u8());
            case 0x95 -> in.i64(); // FRAME: a hint for readers of streams
            case 'c' -> stack.add(global(in.line(), in.line()));
            case 0x93 -> stack.add(stackGlobal(popLast(2)));
            case 'R' -> stack.add(call(popLast(2)));
            case 0x81 -> stack.add(made(popLast(2)));
            case 'Q' -> stack.add(storage(PtValues.storage(pop())));
            case 'b' -> build(pop());
            case 'h' -> stack.add(recall(in.u8()));
            case 'j' -> stack.add(recall(in.i32()));
            case 'q' -> memo.put(in.u8(), top());
            case 'r' -> memo.put(in.i32(), top());
            case 0x94 -> memo.put(memo.size(), top());
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void protocol(int version) {
        if (version < 2 || version > 5) {
            throw new PickleException("has pickle protocol %d; 2 to 5 are read".formatted(version));
        }
    }

    private static PtGlobal global(String module, String name) {
        return PtGlobal.of(module, name).orElseThrow(() -> PtGlobal.refusal(module, name));
    }

    private static PtGlobal stackGlobal(List<@Nullable Object> names) {
        if (names.get(0) instanceof String module && names.get(1) instanceof String name) {
            return global(module, name);
        }
        throw new PickleException("names a global by something else than text");
    }

    private static @Nullable Object call(List<@Nullable Object> functionAndArguments) {
        if (functionAndArguments.get(0) instanceof PtGlobal function && functionAndArguments.get(1) instanceof List<?> arguments) {
            return PtValues.call(function, arguments);
        }
        throw new PickleException("calls what is no function");
    }

    /// A class without arguments: an object whose attributes are set next.
    private static Object made(List<@Nullable Object> classAndArguments) {
        if (classAndArguments.get(0) instanceof PtGlobal.ScriptClass(String name)
                && classAndArguments.get(1) instanceof List<?> arguments && arguments.isEmpty()) {
            return new PtObject(name);
        }
        throw new PickleException("makes an object of what is no class of a TorchScript program");
    }

    private PtStorage storage(PtStorage storage) {
        if (!storages.computeIfAbsent(storage.key(), _ -> storage).sameAs(storage)) {
            throw new PickleException("names storage '%s' with two sizes or dtypes".formatted(storage.key()));
        }
        return storage;
    }

    /// Sets attributes of an object. Those of containers (`_metadata` of a state dict) are not needed.
    private void build(@Nullable Object state) {
        if (top() instanceof PtObject object) {
            if (!(state instanceof Map)) {
                throw new PickleException("has an object of %s whose state its own code unpacks; save the weights alone, by "
                        .formatted(object.type()) + "torch.save(torch.jit.load(...).state_dict(), ...)");
            }
            PtValues.map(state).forEach((name, value) -> object.attributes().put(PtValues.key(name), value));
            return;
        }
        if (!(top() instanceof Map) || !(state instanceof Map)) {
            throw new PickleException("sets attributes of what is no dictionary");
        }
    }

    private void addAll(List<@Nullable Object> items) { PtValues.list(top()).addAll(items); }

    private void putAll(List<@Nullable Object> items) {
        var map = PtValues.map(top());
        if (items.size() % 2 != 0) {
            throw new PickleException("has a dictionary key without a value");
        }
        for (int i = 0; i < items.size(); i += 2) {
            map.put(PtValues.key(items.get(i)), items.get(i + 1));
        }
    }

    private @Nullable Object recall(int index) {
        if (!memo.containsKey(index)) {
            throw new PickleException("recalls a value that it never stored");
        }
        return memo.get(index);
    }

    private @Nullable Object top() {
        if (stack.isEmpty() || stack.getLast() == MARK) {
            throw underflow();
        }
        return stack.getLast();
    }

    private @Nullable Object pop() {
        top();
        return stack.removeLast();
    }

    private List<@Nullable Object> popLast(int count) {
        var from = stack.size() - count;
        if (from < 0) {
            throw underflow();
        }
        return take(from);
    }

    private List<@Nullable Object> popMark() {
        var mark = stack.lastIndexOf(MARK);
        if (mark < 0) {
            throw underflow();
        }
        var items = take(mark + 1);
        stack.removeLast();
        return items;
    }

    private List<@Nullable Object> take(int from) {
        var tail = stack.subList(from, stack.size());
        if (tail.contains(MARK)) {
            throw underflow();
        }
        var items = new ArrayList<>(tail);
        tail.clear();
        return items;
    }

    private static PickleException underflow() { return new PickleException("takes more from the pickle's stack than is there"); }
}
