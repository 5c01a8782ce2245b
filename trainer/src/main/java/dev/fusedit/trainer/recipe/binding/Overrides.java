package dev.fusedit.trainer.recipe.binding;

import dev.fusedit.torch.UserError;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;

/// `--set stages.joint.lr.llm=1e-5`: keys with dots, items of a list by their name, the value in YAML. What a word
/// abbreviates is spelled out on the way: under `schedule: cosine`, `schedule.final_fraction=0.1` keeps the kind.
public final class Overrides {
    private Overrides() {}

    public static void apply(Node root, List<String> settings) {
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (equals < 1) throw new UserError("--set " + setting + ": write it as key=value, for example --set run.seed=7");
            String place = "--set " + setting;
            set(root, setting.substring(0, equals).strip().split("\\.", -1), 0, YamlTree.fragment(setting.substring(equals + 1), place));
        }
    }

    private static void set(Node node, String[] path, int depth, Node value) {
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
                if (last) items.items().set(index, value);
                else set(items.items().get(index), path, depth + 1, value);
            }
            case Node.Scalar scalar -> throw new UserError(value.place() + ": '" + scalar.text() + "' has no keys");
            case Node.Empty _ -> throw new UserError(value.place() + ": there is nothing to set a key in");
        }
    }

    private static Node.Block empty(String place) { return new Node.Block(place, new LinkedHashMap<>()); }

    private static Node.Block spelledOut(Node word, String place) {
        var block = empty(place);
        if (word instanceof Node.Scalar) block.entries().put("kind", new Node.Entry(word.place(), word));
        return block;
    }

    private static int index(Node.Items items, String key, String place) {
        var names = items.items().stream().map(Node::nameOf).toList();
        int named = names.indexOf(key);
        if (named >= 0) return named;
        boolean isIndex = key.matches("[0-9]{1,6}") && Integer.parseInt(key) < items.items().size();
        if (isIndex) return Integer.parseInt(key);
        var known = names.stream().filter(Objects::nonNull).toList();
        throw new UserError(place + ": nothing here is named '" + key + "'." + Names.suggestion(key, known));
    }
}
