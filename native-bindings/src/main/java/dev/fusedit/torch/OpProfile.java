package dev.fusedit.torch;

import dev.fusedit.torch.internal.abi.CallTimes;
import dev.fusedit.torch.internal.abi.CallWatch;
import java.util.Comparator;
import java.util.List;

/// Calls of libtorch's operators, and the time that they take, from when this is opened until it is closed. A whole backward pass is one
/// call, `_backward`. What a call costs outside of libtorch (Java's part, copies of handles, frees) is not in it.
///
///     try (var profile = OpProfile.open()) {
///         step();
///         profile.rows().forEach(IO::println);
///     }
///
/// One at a time, on the thread that runs torch. Lanes are run one after the other meanwhile ([Lanes]), so that their times add up.
public final class OpProfile implements AutoCloseable {
    private final CallTimes times = new CallTimes();

    /// @param seconds of all calls together
    public record Row(String op, long calls, double seconds) {}

    private OpProfile() {}

    static boolean isOpen() { return CallWatch.isLooking(); }

    public static OpProfile open() {
        var profile = new OpProfile();
        CallWatch.look(profile.times);
        return profile;
    }

    /// By op, what took longest first.
    public List<Row> rows() {
        return times.rows.entrySet().stream().map(entry -> new Row(entry.getKey(), entry.getValue().calls, entry.getValue().nanos / 1e9))
                .sorted(Comparator.comparingDouble(Row::seconds).reversed()).toList();
    }

    public long calls() { return times.rows.values().stream().mapToLong(row -> row.calls).sum(); }

    /// Inside libtorch.
    public double seconds() { return times.rows.values().stream().mapToLong(row -> row.nanos).sum() / 1e9; }

    @Override
    public void close() { CallWatch.look(null); }
}
