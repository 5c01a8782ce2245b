package dev.fusedit.trainer.recipe.binding;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A recipe as written, before it is typed: every node knows its place (`recipe quickstart.yaml:14`), so that whatever turns
/// out to be wrong later can be shown where it stands.
public sealed interface Node {
    Place place();

    /// A number, a word, a text. `type` is what the YAML grammar takes it for.
    record Scalar(Place place, String text, Type type) implements Node {
        public enum Type { NUMBER, BOOLEAN, TEXT }
    }

    /// `key:` with nothing behind it, or `null`.
    record Empty(Place place) implements Node {}

    /// Keys in their order. The map may be changed by `--set`.
    record Block(Place place, Map<String, Entry> entries) implements Node {
        @Nullable
        Node get(String key) { return entries.containsKey(key) ? entries.get(key).value() : null; }
    }

    record Items(Place place, List<Node> items) implements Node {
        /// The item of this name, the last one if there are several.
        @Nullable
        Node named(String name) {
            return items.stream().filter(item -> name.equals(nameOf(item))).reduce((_, later) -> later).orElse(null);
        }
    }

    /// What cannot be read, which is among the [Problems].
    record Broken(Place place) implements Node {}

    /// A key with its own place: that of its value may be some lines below.
    record Entry(Place place, Node value) {}

    /// The text under `name:`, by which items of a list are known.
    static @Nullable String nameOf(Node node) {
        return node instanceof Block block && block.get("name") instanceof Scalar name ? name.text() : null;
    }

    /// What a person would call it.
    static String describe(Node node) {
        return switch (node) {
            case Scalar scalar -> "'" + scalar.text() + "'";
            case Empty _ -> "empty";
            case Block _ -> "a block of keys";
            case Items _ -> "a list";
            case Broken _ -> "unreadable";
        };
    }
}
