package dev.fusedit.trainer.data.source;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Several texts of one name, such as five captions of an image: they are known as `captions.0`, `captions.1` and so on, and by `captions` a
/// caption rule means any of them.
final class TextLists {
    private TextLists() {}

    /// @param list texts; what is none is left out
    static void put(Map<String, String> texts, String name, List<?> list) {
        int number = 0;
        for (var each : list) {
            if (each instanceof String text) texts.put(name + "." + number++, text);
        }
    }

    /// All texts that a name means; none if there is none.
    static List<String> of(Map<String, String> texts, String name) {
        var single = texts.get(name);
        if (single != null) return List.of(single);
        var several = new ArrayList<String>();
        for (int i = 0; texts.containsKey(name + "." + i); i++) several.add(texts.get(name + "." + i));
        return several;
    }

    /// Removes all that a name means.
    static void remove(Map<String, String> texts, String name) {
        texts.remove(name);
        int number = 0;
        while (texts.remove(name + "." + number) != null) number++;
    }
}
