package dev.fusedit.trainer.recipe.binding;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;

/// `--set stages.joint.lr.llm=1e-5`: keys with dots, items of a list by their name, the value in YAML. What a word
/// abbreviates is spelled out on the way: under `schedule: cosine`, `schedule.final_fraction=0.1` keeps the kind.
public final class Overrides {
    private final Problems problems;

    private Overrides(Problems problems) { this.problems = problems; }

    /// Changes the tree as far as the settings can be read.
    public static void apply(Node root, List<String> settings, Problems problems) {
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            var place = Place.whole("--set " + setting);
            if (equals < 1) {
                problems.add(place, "write it as key=value, for example --set run.seed=7");
                continue;
            }
            new Overrides(problems).set(root, setting.substring(0, equals).strip().split("\\.", -1), 0,
                    YamlTree.fragment(setting.substring(equals + 1), place, problems));
        }
    }

    private void set(Node node, String[] path, int depth, Node value) {
        String key = Names.unaliased(path[depth]);
        boolean last = depth == path.length - 1;
        switch (node) {
            case Node.Block block when last -> block.entries().put(key, new Node.Entry(value.place(), value));
            case Node.Block block -> {
                var entry = block.entries().computeIfAbsent(key, _ -> new Node.Entry(value.place(), empty(value.place())));
                if (entry.value() instanceof Node.Scalar || entry.value() instanceof Node.Empty)
                    entry = new Node.Entry(value.place(), spelledOut(entry.value(), value.place()));
                block.entries().put(key, entry);
                set(entry.value(), path, depth + 1, value);
            }
            case Node.Items items -> {
                int index = index(items, key, value.place());
                if (index >= 0 && last) items.items().set(index, value);
                else if (index >= 0) set(items.items().get(index), path, depth + 1, value);
            }
            case Node.Scalar scalar -> problems.add(value.place(), "'" + scalar.text() + "' has no keys");
            case Node.Empty _ -> problems.add(value.place(), "there is nothing to set a key in");
            case Node.Broken _ -> {}
        }
    }

    private static Node.Block empty(Place place) { return new Node.Block(place, new LinkedHashMap<>()); }

    private static Node.Block spelledOut(Node word, Place place) {
        var block = empty(place);
        if (word instanceof Node.Scalar) block.entries().put("kind", new Node.Entry(word.place(), word));
        return block;
    }

    /// -1 where nothing is so named.
    private int index(Node.Items items, String key, Place place) {
        var names = items.items().stream().map(Node::nameOf).toList();
        int named = names.indexOf(key);
        if (named >= 0) return named;
        boolean isIndex = key.matches("[0-9]{1,6}") && Integer.parseInt(key) < items.items().size();
        if (isIndex) return Integer.parseInt(key);
        var known = names.stream().filter(Objects::nonNull).toList();
        problems.add(place, "nothing here is named '" + key + "'." + Names.suggestion(key, known));
        return -1;
    }
}
