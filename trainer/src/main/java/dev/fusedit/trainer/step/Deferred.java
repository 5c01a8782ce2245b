package dev.fusedit.trainer.step;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Something that is known now, or will be: who asks before waits for it. For one thread.
public final class Deferred<T> {
    private @Nullable T value;
    private @Nullable Supplier<T> coming;

    private Deferred(@Nullable T value, @Nullable Supplier<T> coming) {
        this.value = value;
        this.coming = coming;
    }

    static <T> Deferred<T> known(T value) { return new Deferred<>(value, null); }

    /// @param coming asked once, when somebody needs it
    static <T> Deferred<T> later(Supplier<T> coming) { return new Deferred<>(null, coming); }

    public boolean isKnown() { return value != null; }

    /// @throws RuntimeException what the step that it tells of threw
    public T get() {
        if (value == null) {
            if (coming == null) throw new IllegalStateException("it was asked for, and could not be had");
            var asked = coming;
            coming = null;
            value = asked.get();
        }
        return value;
    }
}
