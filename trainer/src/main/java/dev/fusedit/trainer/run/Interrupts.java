package dev.fusedit.trainer.run;

import dev.fusedit.torch.Libtorch;
import com.google.common.collect.ImmutableMap;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Signals that end a process, as a flag that the training loop reads between steps, so that a step is finished and a checkpoint written. A
/// second signal ends the process at once, whatever runs: checkpoints are written so that the last one stays whole.
///
/// | signal | from | status |
/// |---|---|---|
/// | HUP | a terminal that is closed; ignored under `nohup` | 129 |
/// | INT | Ctrl-C | 130 |
/// | USR1 | a batch system's warning before its limit (Slurm's `--signal=USR1@120`) | 138 |
/// | TERM | `kill`, a container or a machine that is stopped | 143 |
/// | XCPU | a limit of processor time (`ulimit -t`, batch systems) | 152 |
///
/// (USR2 and QUIT are Java's own.)
///
/// (`sun.misc.Signal` by reflection: the compiler cannot be told to let its name pass. Shutdown hooks would run beside the torch thread.)
public final class Interrupts implements AutoCloseable {
    private static final Map<String, Integer> STATUS = ImmutableMap.of("HUP", 129, "INT", 130, "USR1", 138, "TERM", 143, "XCPU", 152);

    private final Runnable onFirst;
    private final Runnable onSecond;
    /// Within which another signal is the same one, come twice.
    private final Duration same;
    private final Map<String, Object> before = new LinkedHashMap<>();
    private volatile int status;
    private volatile long came;

    private Interrupts(Runnable onFirst, Runnable onSecond, Duration same) {
        this.onFirst = onFirst;
        this.onSecond = onSecond;
        this.same = same;
    }

    /// Takes the signals over until it is closed; those that this system does not have, or that were ignored when Java started, stay as they are.
    ///
    /// @param onFirst said on the signal's thread, at once: a line for the person who waits
    public static Interrupts watch(Runnable onFirst) { return watch(onFirst, () -> {}); }

    /// @param onSecond done before a second signal ends the process
    public static Interrupts watch(Runnable onFirst, Runnable onSecond) {
        return watchAll(new Interrupts(onFirst, onSecond, Duration.ZERO));
    }

    /// For one process of several, whose launcher passes its signals on: from a terminal each then comes twice, and from one process to all by
    /// [#adopt]. What comes within five seconds is the same one.
    public static Interrupts watchAsRank(Runnable onFirst) { return watchAll(new Interrupts(onFirst, () -> {}, Duration.ofSeconds(5))); }

    private static Interrupts watchAll(Interrupts interrupts) {
        STATUS.keySet().forEach(name -> interrupts.handle(name, () -> interrupts.raise(name)));
        return interrupts;
    }

    /// For a process that another one waits for and passes its signals on to, as SIGTERM. A terminal's SIGINT and SIGHUP, which reach both, do
    /// nothing here: they would count as a second signal.
    public static Interrupts watchAsChild(Runnable onFirst) {
        var interrupts = new Interrupts(onFirst, () -> {}, Duration.ZERO);
        interrupts.handle("TERM", () -> interrupts.raise("TERM"));
        interrupts.handle("INT", () -> {});
        interrupts.handle("HUP", () -> {});
        return interrupts;
    }

    /// None: for runs inside another program.
    public static Interrupts none() { return new Interrupts(() -> {}, () -> {}, Duration.ZERO); }

    /// 0, or the exit status that the signal asks for: 128 and its number.
    public int status() { return status; }

    /// As if the signal had come; for tests and for other ways to stop.
    void raise(String signal) {
        int wanted = STATUS.get(signal);
        if (status != 0) {
            if (System.nanoTime() - came < same.toNanos()) return;
            onSecond.run();
            Libtorch.exitNow(wanted);
        }
        adopt(wanted);
    }

    /// A signal that another process of the job was sent.
    ///
    /// @param wanted its exit status
    public void adopt(int wanted) {
        if (status != 0) return;
        came = System.nanoTime();
        status = wanted;
        onFirst.run();
    }

    private void handle(String name, Runnable action) {
        var handler = Proxy.newProxyInstance(Interrupts.class.getClassLoader(), new Class<?>[] {type("sun.misc.SignalHandler")},
                (proxy, method, arguments) -> {
                    return switch (method.getName()) {
                        case "handle" -> {
                            action.run();
                            yield null;
                        }
                        case "hashCode" -> System.identityHashCode(proxy);
                        case "equals" -> proxy == arguments[0];
                        default -> "Interrupts";
                    };
                });
        var old = install(name, handler);
        if (old != null) {
            before.put(name, old);
        }
    }

    /// @return what was there; null if this system has no such signal, or keeps it for itself
    private static @Nullable Object install(String name, Object handler) {
        try {
            var signal = type("sun.misc.Signal").getConstructor(String.class).newInstance(name);
            return type("sun.misc.Signal").getMethod("handle", type("sun.misc.Signal"), type("sun.misc.SignalHandler")).invoke(null, signal,
                    handler);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException) {
                return null;
            }
            throw new IllegalStateException("signals cannot be handled", e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("signals cannot be handled", e);
        }
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("the jdk.unsupported module is missing", e);
        }
    }

    /// Gives the signals back.
    @Override
    public void close() {
        before.forEach(Interrupts::install);
        before.clear();
    }
}
