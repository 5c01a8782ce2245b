package dev.fusedit.torch;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What memory did not hold, and what takes less of it: the same sentence in training and in sampling.
///
/// libtorch's allocators are meant. Java's own heap is another matter ([#ofJava]): nothing of a recipe's size is in it.
public final class MemoryShortage {
    private MemoryShortage() {}

    /// Runs `body`.
    ///
    /// @param what that memory may not hold: `the noise of 4 images`
    /// @param remedy what takes less, a sentence without its end
    /// @throws UserError if an allocator refused
    public static <T> T told(Supplier<T> body, String what, String remedy) {
        try {
            return body.get();
        } catch (TorchException e) {
            throw e.isOutOfMemory() ? error(what, remedy, e) : e;
        }
    }

    /// `memory does not hold the noise of 4 images. Sample fewer`
    public static UserError error(String what, String remedy, Throwable cause) {
        return new UserError("memory does not hold %s. %s".formatted(what, remedy), cause);
    }

    /// Whether an allocator's refusal is what something was thrown for.
    public static boolean is(@Nullable Throwable thrown) {
        return thrown instanceof TorchException torch && torch.isOutOfMemory() || thrown != null && is(thrown.getCause());
    }

    /// What Java itself ran out of, and the option or limit that gives more.
    public static String ofJava(OutOfMemoryError error) {
        var text = String.valueOf(error.getMessage());
        if (text.contains("native thread")) {
            return "The system allows no more threads (ulimit -u, or the control group's pids.max): raise that, or use fewer (run.lanes, "
                    + "data.workers).";
        }
        if (text.contains("direct buffer")) {
            return "Java's buffers outside of its heap are full: give them more by FUSEDIT_JAVA_OPTS=-XX:MaxDirectMemorySize=4g.";
        }
        if (text.contains("Metaspace") || text.contains("class space")) {
            return "Java's room for classes is full: give it more by FUSEDIT_JAVA_OPTS=-XX:MaxMetaspaceSize=1g.";
        }
        return "Java's heap is full: give it more by FUSEDIT_JAVA_OPTS=-Xmx8g, or let it hold less (in training: fewer data.workers, a "
                + "smaller batch).";
    }
}
