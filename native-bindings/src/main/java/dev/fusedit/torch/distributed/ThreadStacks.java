package dev.fusedit.torch.distributed;

import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Collectors;

/// What the Java threads of this process do now, as text.
final class ThreadStacks {
    /// Java's own.
    private static final Set<String> IDLE = Set.of("Reference Handler", "Finalizer", "Signal Dispatcher", "Common-Cleaner",
            "Notification Thread", "Attach Listener", "Service Thread", "Monitor Deflation Thread", "Java2D Disposer");

    private ThreadStacks() {}

    /// @param called of the thread that comes first
    static String text(String called) {
        return Arrays.stream(ManagementFactory.getThreadMXBean().dumpAllThreads(true, true))
                .filter(thread -> !IDLE.contains(thread.getThreadName()) && !thread.getThreadName().contains("CompilerThread"))
                .sorted(Comparator.comparing((ThreadInfo thread) -> !thread.getThreadName().equals(called))
                        .thenComparingLong(ThreadInfo::getThreadId))
                .map(ThreadStacks::text).collect(Collectors.joining("\n"));
    }

    private static String text(ThreadInfo thread) {
        var lock = thread.getLockInfo();
        return "\"%s\" %s%s%n%s".formatted(thread.getThreadName(), thread.getThreadState(), lock == null ? "" : waiting(thread, lock),
                Arrays.stream(thread.getStackTrace()).map(ThreadStacks::text).collect(Collectors.joining("\n")));
    }

    private static String text(StackTraceElement frame) {
        return "    at %s.%s(%s:%d)".formatted(frame.getClassName(), frame.getMethodName(), frame.getFileName(), frame.getLineNumber());
    }

    private static String waiting(ThreadInfo thread, LockInfo lock) {
        return " for %s%s".formatted(lock, thread.getLockOwnerName() == null ? ""
                : ", which \"%s\" holds".formatted(
                        thread.getLockOwnerName()));
    }
}
