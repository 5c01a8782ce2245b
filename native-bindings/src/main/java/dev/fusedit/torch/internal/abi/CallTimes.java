package dev.fusedit.torch.internal.abi;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How often ops were called and how long they took, while somebody looks.
public final class CallTimes {
    /// Calls of one op.
    public static final class Row {
        public long calls;
        public long nanos;
    }

    private static @Nullable CallTimes looking;

    public final Map<String, Row> rows = new LinkedHashMap<>();

    /// Counts from now on; null ends it. For the one thread that runs torch then.
    public static void look(@Nullable CallTimes times) { looking = times; }

    public static boolean isLooking() { return looking != null; }

    static @Nullable CallTimes looking() { return looking; }

    void add(String op, long nanos) {
        var row = rows.computeIfAbsent(op, _ -> new Row());
        row.calls++;
        row.nanos += nanos;
    }
}
