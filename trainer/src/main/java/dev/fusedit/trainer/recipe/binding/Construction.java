package dev.fusedit.trainer.recipe.binding;

import dev.fusedit.fusion.config.Rules;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Constructs the record that a block is, and shows the rules that it breaks where they are broken. The message of such a rule begins with the
/// key that it is about (`lr.llm must be ...`), which is how it finds its way back to a line.
record Construction(Node.Block block, Where where, Problems problems) {
    /// @return also a record that breaks rules, since those of a whole may still be checked with it; empty if its constructor did not end
    Optional<?> of(Class<?> type, @Nullable Object[] values) {
        var broken = new ArrayList<String>();
        try {
            var made = Rules.gather(broken, () -> constructor(type).newInstance(values));
            broken.forEach(this::tell);
            return Optional.of(made);
        } catch (InvocationTargetException e) {
            broken.forEach(this::tell);
            if (e.getCause() instanceof IllegalArgumentException bad) tell(String.valueOf(bad.getMessage()));
            else if (problems.isEmpty()) throw new IllegalStateException("constructor of " + type, e.getCause());
            return Optional.empty();
        } catch (Exception e) {
            throw new IllegalStateException("constructor of " + type, e);
        }
    }

    private static Constructor<?> constructor(Class<?> type) throws NoSuchMethodException {
        var types = Arrays.stream(type.getRecordComponents()).map(RecordComponent::getType).toArray(Class<?>[]::new);
        var constructor = type.getDeclaredConstructor(types);
        constructor.setAccessible(true); // a record may be its package's own
        return constructor;
    }

    /// Shows a message at the line of the key that it begins with, as deep as that path is written.
    private void tell(String message) {
        int space = message.indexOf(' ');
        String path = space < 0 ? message : message.substring(0, space);
        Place place = block.place();
        Node node = block;
        Where inside = where;
        var keys = List.of(path.split("\\."));
        int named = 0; // keys before it lead to an item of a list, which is a place: stage 'joint'
        boolean written = true;
        for (int i = 0; i < keys.size(); i++) {
            String key = keys.get(i);
            if (node instanceof Node.Block inner && inner.entries().containsKey(key)) {
                place = inner.entries().get(key).place();
                node = inner.get(key);
            } else if (node instanceof Node.Items items && items.named(key) instanceof Node item) {
                place = item.place();
                node = item;
                if (i + 1 < keys.size()) {
                    inside = inside.child(keys.get(i - 1)).item(0, key);
                    named = i + 1;
                }
            } else {
                written = false;
            }
        }
        String sentence = inside.key(String.join(".", keys.subList(named, keys.size()))) + message.substring(Math.max(space, 0));
        if (written) problems.add(node, place, sentence);
        else problems.add(place, sentence);
    }
}
