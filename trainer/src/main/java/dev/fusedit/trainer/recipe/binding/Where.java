package dev.fusedit.trainer.recipe.binding;

import org.jspecify.annotations.Nullable;

/// Which block is meant, in a person's words: the recipe, `'model.dit'`, `stage 'joint'`, `'losses.flow' of stage 'joint'`.
///
/// @param item the nearest list item above, if any
/// @param path keys from there down to the block, with dots
public record Where(@Nullable String item, String path) {
    static final Where RECIPE = new Where(null, "");

    Where child(String key) { return new Where(item, path.isEmpty() ? key : path + "." + key); }

    /// An item of the list that this is: an item of `stages` with a name is "stage 'joint'".
    Where item(int index, @Nullable String name) {
        String key = path.substring(path.lastIndexOf('.') + 1);
        String singular = key.equals("axes") ? "axis" : key.endsWith("s") ? key.substring(0, key.length() - 1) : key;
        return new Where(singular + " " + (name == null ? String.valueOf(index + 1) : "'" + name + "'"), "");
    }

    String inside() {
        if (path.isEmpty()) return item == null ? "the recipe" : item;
        return "'" + path + "'" + (item == null ? "" : " of " + item);
    }

    /// A key of this block.
    String key(String key) { return "'" + key + "'" + (equals(RECIPE) ? "" : " in " + inside()); }

    /// This itself as a value: the last key of its path in what lies above.
    String self() {
        if (path.isEmpty()) return inside();
        int dot = path.lastIndexOf('.');
        return new Where(item, dot < 0 ? "" : path.substring(0, dot)).key(path.substring(dot + 1));
    }
}
