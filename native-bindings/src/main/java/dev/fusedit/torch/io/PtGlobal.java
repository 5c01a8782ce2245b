package dev.fusedit.torch.io;

import dev.fusedit.torch.DType;
import java.util.Map;
import java.util.Optional;

/// All that a pickle may name. Nothing of it is looked up or called; each stands for a case in [PtValues].
sealed interface PtGlobal {
    enum Function implements PtGlobal {
        ORDERED_DICT, SIZE, TENSOR, TENSOR_WITH_DTYPE, PARAMETER,
        /// What TorchScript says of a list or dictionary beside it, such as its type.
        AS_IT_IS
    }

    /// `torch.FloatStorage` and its siblings.
    record StorageClass(DType dtype) implements PtGlobal {}

    /// `torch.float32` and its siblings.
    record DTypeName(String name, DType dtype) implements PtGlobal {
        @Override
        public String toString() { return name; }
    }

    /// A class of a TorchScript program, whose code is not looked at: `__torch__.torch.nn.modules.linear.Linear`.
    record ScriptClass(String name) implements PtGlobal {
        @Override
        public String toString() { return name; }
    }

    /// Empty for what is not known.
    static Optional<PtGlobal> of(String module, String name) {
        var full = module + "." + name;
        return full.startsWith("__torch__.") ? Optional.of(new ScriptClass(full)) : Optional.ofNullable(KNOWN.get(full));
    }

    Map<String, PtGlobal> KNOWN = Map.ofEntries(Map.entry("collections.OrderedDict", Function.ORDERED_DICT),
            Map.entry("torch.Size", Function.SIZE), Map.entry("torch._utils._rebuild_tensor", Function.TENSOR),
            Map.entry("torch._utils._rebuild_tensor_v2", Function.TENSOR),
            Map.entry("torch._utils._rebuild_tensor_v3", Function.TENSOR_WITH_DTYPE),
            Map.entry("torch._utils._rebuild_parameter", Function.PARAMETER),
            Map.entry("torch._utils._rebuild_parameter_with_state", Function.PARAMETER),
            jit("build_intlist"), jit("build_doublelist"), jit("build_boollist"), jit("build_tensorlist"), jit("restore_type_tag"),
            storage("Double", DType.F64), storage("Float", DType.F32), storage("Half", DType.F16), storage("BFloat16", DType.BF16),
            storage("Long", DType.I64), storage("Int", DType.I32), storage("Short", DType.I16), storage("Char", DType.I8),
            storage("ComplexFloat", DType.C64), storage("ComplexDouble", DType.C128), storage("Byte", DType.U8),
            storage("Bool", DType.BOOL), Map.entry("torch.storage.UntypedStorage", new StorageClass(DType.U8)),
            dtype("float64", DType.F64), dtype("float32", DType.F32), dtype("float16", DType.F16), dtype("bfloat16", DType.BF16),
            dtype("int64", DType.I64), dtype("int32", DType.I32), dtype("int16", DType.I16), dtype("int8", DType.I8),
            dtype("uint8", DType.U8), dtype("bool", DType.BOOL), dtype("complex64", DType.C64), dtype("complex128", DType.C128));

    /// Says what a name that is not known would have been.
    static PickleException refusal(String module, String name) {
        if (module.equals("torch") && name.matches(".*Storage|(u?int|float|complex|bits|q).*\\d.*")) {
            return new PickleException(
                    "holds a torch.%s, which is not read here; convert it to float32, bfloat16 or int64 in Python".formatted(name));
        }
        return new PickleException(
                "names %s.%s, which is neither tensor, container nor number. Nothing was called: fusedit runs no code from a file. "
                        .formatted(module, name) + "Save the weights alone, by torch.save(model.state_dict(), ...) or as safetensors");
    }

    private static Map.Entry<String, PtGlobal> storage(String name, DType dtype) {
        return Map.entry("torch." + name + "Storage", new StorageClass(dtype));
    }

    private static Map.Entry<String, PtGlobal> jit(String name) { return Map.entry("torch.jit._pickle." + name, Function.AS_IT_IS); }

    private static Map.Entry<String, PtGlobal> dtype(String name, DType dtype) {
        return Map.entry("torch." + name, new DTypeName("torch." + name, dtype));
    }
}
