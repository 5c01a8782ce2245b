package dev.fusedit.torch;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Where live handles were made, if the property `fusedit.torch.trace` is true (slow: a stack trace for each tensor).
public final class HandleTrace {
    private static final boolean ON = Boolean.getBoolean("fusedit.torch.trace");
    private static final Map<Tensor, Throwable> MADE = new ConcurrentHashMap<>();

    private HandleTrace() {}

    static void made(Tensor tensor) {
        if (ON) {
            MADE.put(tensor, new Throwable("made here"));
        }
    }

    static void freed(Tensor tensor) {
        if (ON) {
            MADE.remove(tensor);
        }
    }

    /// The places of all live handles, most frequent first; a hint if tracing is off.
    public static String report() {
        if (!ON) {
            return "set -Dfusedit.torch.trace=true to see where live tensors were made";
        }
        return MADE.values().stream().collect(Collectors.groupingBy(HandleTrace::place, Collectors.counting())).entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed()).limit(20)
                .map(entry -> entry.getValue() + " × " + entry.getKey()).collect(Collectors.joining("\n"));
    }

    private static String place(Throwable made) {
        return Stream.of(made.getStackTrace())
                .filter(frame -> !frame.getClassName().matches("dev\\.fusedit\\.torch\\.(Tensor.*|HandleTrace)"))
                .limit(4).map(StackTraceElement::toString).collect(Collectors.joining(" < "));
    }
}
