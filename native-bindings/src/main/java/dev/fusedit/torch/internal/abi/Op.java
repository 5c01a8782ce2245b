package dev.fusedit.torch.internal.abi;

/// An operator by schema name, its C strings made once. `arguments` is how many the schema has: libtorch fills in no defaults, and a
/// wrong count would read stale words.
public record Op(String name, String overload, int arguments, long nameAddress, long overloadAddress) {
    public static Op of(String name, String overload, int arguments) {
        return new Op(name, overload, arguments, NativeMemory.immortal("aten::" + name), NativeMemory.immortal(overload));
    }

    /// An operator of any namespace: `aten::mul`, `mkldnn::_linear_pointwise`.
    public static Op qualified(String name, String overload, int arguments) {
        var bare = name.substring(name.lastIndexOf(':') + 1);
        return new Op(bare, overload, arguments, NativeMemory.immortal(name), NativeMemory.immortal(overload));
    }
}
