package dev.fusedit.fusion.config;

import com.google.common.base.Strings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The rules that a recipe's records have for their values. A record checks them in its constructor, as with Guava's `Preconditions`; while
/// a recipe is read all that are broken are gathered, not the first alone.
///
/// So a constructor goes on after a broken rule, and over values that break theirs; what it throws then counts as a consequence.
public final class Rules {
    private static final ScopedValue<List<String>> BROKEN = ScopedValue.newInstance();

    private Rules() {}

    /// @param rule what must hold, with `%s` for the arguments; begins with the key that it is about: `lr.llm must be more than 0, but is %s`
    /// @throws IllegalArgumentException unless it holds or a recipe is being read
    public static void checkArgument(boolean holds, String rule, @Nullable Object... arguments) {
        if (holds) return;
        String message = Strings.lenientFormat(rule, arguments);
        if (!BROKEN.isBound()) throw new IllegalArgumentException(message);
        BROKEN.get().add(message);
    }

    /// A record that is made of another one while a constructor runs: the rules that it breaks are the other one's, and told.
    public static <T> T told(Supplier<T> constructor) {
        return BROKEN.isBound() ? ScopedValue.where(BROKEN, new ArrayList<>()).call(constructor::get) : constructor.get();
    }

    /// Constructs a record, adding the rules that it breaks to a list.
    public static <T> T gather(List<String> broken, Callable<T> constructor) throws Exception {
        return ScopedValue.where(BROKEN, broken).call(constructor::call);
    }
}
