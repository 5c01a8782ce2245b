package dev.fusedit.torch.internal.abi;

import java.util.LinkedHashMap;
import java.util.Map;

/// How often ops were called and how long they took.
public final class CallTimes extends CallWatch {
    /// Calls of one op.
    public static final class Row {
        public long calls;
        public long nanos;
    }

    public final Map<String, Row> rows = new LinkedHashMap<>();

    @Override
    void called(Frame call, long nanos) {
        var row = rows.computeIfAbsent(call.opName(), _ -> new Row());
        row.calls++;
        row.nanos += nanos;
    }
}
