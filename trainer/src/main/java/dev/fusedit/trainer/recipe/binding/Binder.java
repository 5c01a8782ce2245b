package dev.fusedit.trainer.recipe.binding;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Usual;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Turns [Node]s into records, strictly. A key is a record component; a sealed interface is one of its records, chosen by `kind`
/// (or by the bare word if the record has nothing required: `schedule: cosine`; a block without `kind` is the [Usual] one, if there is
/// one, and so is a list, if a list is all that it has).
///
/// What is wrong is added to the [Problems], and all that can still be read is: where a misspelt word can only mean one thing, as that. A
/// value that cannot be read is empty, and so is a record with such a value.
public final class Binder {
    private final Problems problems;

    private Binder(Problems problems) { this.problems = problems; }

    /// @throws dev.fusedit.torch.UserError with all that is wrong, with the tree too
    public static <T extends Record> T bind(Class<T> type, Node node, Problems problems) {
        return bind(type, node, Where.RECIPE, problems);
    }

    /// @param whole what errors call the root
    /// @throws dev.fusedit.torch.UserError as [#bind(Class, Node, Problems)]
    public static <T extends Record> T bind(Class<T> type, Node node, Where whole, Problems problems) {
        var value = new Binder(problems).value(type, node, whole);
        problems.throwIfAny();
        return type.cast(value.orElseThrow());
    }

    private Optional<?> value(Type type, Node node, Where where) {
        if (node instanceof Node.Broken) return Optional.empty();
        if (type instanceof ParameterizedType generic) {
            var arguments = generic.getActualTypeArguments();
            if (generic.getRawType() == List.class) return list(arguments[0], node, where);
            if (generic.getRawType() == Map.class) return map(arguments[0], arguments[1], node, where);
        }
        if (!(type instanceof Class<?> raw)) throw new AssertionError("no recipe form for " + type);
        if (raw.isRecord()) return block(node, where).flatMap(block -> instance(raw, block, where));
        if (raw.isSealed()) return variant(raw, node, where);
        return node instanceof Node.Scalar scalar ? Scalars.parse(raw, scalar, where, problems) : wrong(node, where, Scalars.describe(raw));
    }

    private Optional<List<?>> list(Type element, Node node, Where where) {
        if (!(node instanceof Node.Items items)) return wrong(node, where, "a list");
        var values = ImmutableList.builder();
        boolean whole = true;
        for (int i = 0; i < items.items().size(); i++) {
            Node item = items.items().get(i);
            var value = value(element, item, where.item(i, Node.nameOf(item)));
            value.ifPresent(values::add);
            whole &= value.isPresent();
        }
        return whole ? Optional.of(values.build()) : Optional.empty();
    }

    private Optional<Map<?, ?>> map(Type key, Type element, Node node, Where where) {
        var block = block(node, where);
        if (block.isEmpty()) return Optional.empty();
        var values = ImmutableMap.builder();
        boolean whole = true;
        for (var named : block.get().entries().entrySet()) {
            var entry = named.getValue();
            var word = new Node.Scalar(entry.place(), named.getKey(), Node.Scalar.Type.TEXT);
            var name = Scalars.parse((Class<?>) key, word, where, problems);
            var value = value(element, entry.value(), where.child(named.getKey()));
            if (name.isPresent() && value.isPresent()) values.put(name.get(), value.get());
            else whole = false;
        }
        return whole ? Optional.of(values.buildKeepingLast()) : Optional.empty();
    }

    private Optional<?> variant(Class<?> sealed, Node node, Where where) {
        var variants = Names.variants(sealed);
        var kind = node instanceof Node.Block block ? block.get("kind") : node;
        var usual = variants.values().stream().filter(type -> type.isAnnotationPresent(Usual.class)).findFirst();
        var listed = usual.flatMap(Names::listed);
        if (node instanceof Node.Items && listed.isPresent()) {
            var only = Map.of(Names.key(listed.get()), new Node.Entry(node.place(), node));
            return instance(usual.get(), new Node.Block(node.place(), only), where);
        }
        if (kind == null && usual.isPresent()) return instance(usual.get(), (Node.Block) node, where);
        if (kind == null) return no(node, node.place(), "missing key 'kind' in " + where.inside() + ": one of " + known(variants));
        if (kind instanceof Node.Broken) return Optional.empty();
        if (!(kind instanceof Node.Scalar word)) return wrong(kind, where, "one of " + known(variants));
        var keys = node instanceof Node.Block block ? block : new Node.Block(node.place(), Map.of());
        var type = variants.get(word.text());
        if (type != null) return instance(type, keys, where);
        problems.add(word, word.place(), "unknown kind '" + word.text() + "' for " + where.self() + "."
                + Names.suggestion(word.text(), variants.keySet()));
        return Names.meant(word.text(), variants.keySet()).flatMap(meant -> instance(variants.get(meant), keys, where));
    }

    private Optional<?> instance(Class<?> type, Node.Block given, Where where) {
        var components = type.getRecordComponents();
        var block = known(type, components, given, where);
        var values = new @Nullable Object[components.length];
        boolean whole = true;
        for (int i = 0; i < components.length; i++) {
            boolean none = block.get(Names.key(components[i])) == null && byDefault(components[i], where).isEmpty();
            if (none && isNullable(components[i])) continue;
            var value = component(components[i], block, where);
            whole &= value.isPresent();
            values[i] = value.orElse(null);
        }
        return whole ? new Construction(block, where, problems).of(type, values) : Optional.empty();
    }

    /// The block with keys that the record has, and those that were meant by others under their right names.
    private Node.Block known(Class<?> type, RecordComponent[] components, Node.Block block, Where where) {
        var known = Arrays.stream(components).map(Names::key).toList();
        boolean isVariant = Arrays.stream(type.getInterfaces()).anyMatch(Class::isSealed);
        var entries = new LinkedHashMap<String, Node.Entry>();
        block.entries().forEach((key, entry) -> {
            if (known.contains(key)) entries.put(key, entry);
        });
        block.entries().forEach((key, entry) -> {
            if (known.contains(key) || isVariant && key.equals("kind")) return;
            var words = Names.withAliases(known);
            problems.add(entry.place(), "unknown key '" + key + "' in " + where.inside() + "." + Names.suggestion(key, words));
            Names.meant(key, words).ifPresent(meant -> entries.putIfAbsent(Names.unaliased(meant), entry));
        });
        return new Node.Block(block.place(), entries);
    }

    private Optional<?> component(RecordComponent component, Node.Block block, Where where) {
        String key = Names.key(component);
        var entry = block.entries().get(key);
        if (entry == null) {
            var byDefault = byDefault(component, where);
            if (byDefault.isEmpty()) problems.add(block.place(), "missing key '" + key + "' in " + where.inside());
            return byDefault;
        }
        if (entry.value() instanceof Node.Empty)
            return no(entry.value(), entry.place(), where.key(key) + " has no value. Give one or remove the key");
        return value(component.getGenericType(), entry.value(), where.child(key));
    }

    /// What a key means that is left out; empty where that is "none".
    private Optional<?> byDefault(RecordComponent component, Where where) {
        var byDefault = component.getAnnotation(Default.class);
        return byDefault == null ? Optional.empty()
                : value(component.getGenericType(), YamlTree.fragment(byDefault.value()), where.child(Names.key(component)));
    }

    /// What a key means that is left out; empty where that is "none".
    static Optional<?> byDefault(RecordComponent component) { return new Binder(new Problems()).byDefault(component, Where.RECIPE); }

    public static boolean isNullable(RecordComponent component) {
        AnnotatedElement type = component.getAnnotatedType();
        return type.isAnnotationPresent(Nullable.class);
    }

    private Optional<Node.Block> block(Node node, Where where) {
        return node instanceof Node.Block block ? Optional.of(block) : wrong(node, where, "a block of keys");
    }

    private <T> Optional<T> wrong(Node node, Where where, String wanted) {
        return no(node, node.place(), where.self() + " must be " + wanted + ", but is " + Node.describe(node));
    }

    private <T> Optional<T> no(Node node, Place place, String sentence) {
        problems.add(node, place, sentence);
        return Optional.empty();
    }

    private static String known(Map<String, ?> variants) { return String.join(", ", variants.keySet()); }
}
