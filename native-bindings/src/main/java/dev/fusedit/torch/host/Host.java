package dev.fusedit.torch.host;

import java.nio.file.Path;

/// What this machine is, and what of it this process may use: not more than the machine, the affinity of the process and its control group
/// with all of that group's parents allow.
///
/// Read anew at each call; nothing of libtorch is needed.
public record Host(Cpu cpu, Cores cores, Memory memory) {
    private static final Path ROOT = Path.of("/");

    public static Host here() { return of(ROOT); }

    /// @param root folder that stands for `/`
    static Host of(Path root) {
        var groups = ControlGroups.of(root);
        return new Host(Cpu.of(root), Cores.of(root, groups), Memory.of(root, groups));
    }
}
