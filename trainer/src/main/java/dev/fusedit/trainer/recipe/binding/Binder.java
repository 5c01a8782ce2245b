package dev.fusedit.trainer.recipe.binding;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.config.Default;
import dev.fusedit.fusion.config.Usual;
import dev.fusedit.torch.UserError;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Turns [Node]s into records, strictly. A key is a record component; a sealed interface is one of its records, chosen by `kind`
/// (or by the bare word if the record has nothing required: `schedule: cosine`; a block without `kind` is the [Usual] one, if there is
/// one).
///
/// Records check their own values. The message of such an `IllegalArgumentException` begins with the key it is about
/// (`lr.llm must be ...`), which is how it finds its way back to a line.
public final class Binder {
    private Binder() {}

    public static <T extends Record> T bind(Class<T> type, Node node) { return bind(type, node, Where.RECIPE); }

    /// @param whole what errors call the root
    public static <T extends Record> T bind(Class<T> type, Node node, Where whole) { return type.cast(value(type, node, whole)); }

    private static Object value(Type type, Node node, Where where) {
        if (type instanceof ParameterizedType generic) {
            var arguments = generic.getActualTypeArguments();
            if (generic.getRawType() == List.class) return list(arguments[0], node, where);
            if (generic.getRawType() == Map.class) return map(arguments[0], arguments[1], node, where);
        }
        if (!(type instanceof Class<?> raw)) throw new AssertionError("no recipe form for " + type);
        if (raw.isRecord()) return instance(raw, block(node, where), where);
        if (raw.isSealed()) return variant(raw, node, where);
        if (node instanceof Node.Scalar scalar) return Scalars.parse(raw, scalar, where);
        throw wrong(node, where, Scalars.describe(raw));
    }

    private static List<?> list(Type element, Node node, Where where) {
        if (!(node instanceof Node.Items items)) throw wrong(node, where, "a list");
        var values = ImmutableList.builder();
        for (int i = 0; i < items.items().size(); i++) {
            Node item = items.items().get(i);
            values.add(value(element, item, where.item(i, Node.nameOf(item))));
        }
        return values.build();
    }

    private static Map<?, ?> map(Type key, Type element, Node node, Where where) {
        var values = ImmutableMap.builder();
        block(node, where).entries().forEach((name, entry) -> {
            var word = new Node.Scalar(entry.place(), name, Node.Scalar.Type.TEXT);
            values.put(Scalars.parse((Class<?>) key, word, where), value(element, entry.value(), where.child(name)));
        });
        return values.build();
    }

    private static Object variant(Class<?> sealed, Node node, Where where) {
        var variants = Names.variants(sealed);
        var kind = node instanceof Node.Block block ? block.get("kind") : node;
        var usual = variants.values().stream().filter(type -> type.isAnnotationPresent(Usual.class)).findFirst();
        if (kind == null && usual.isPresent()) return instance(usual.get(), (Node.Block) node, where);
        if (kind == null) throw new UserError(node.place() + ": missing key 'kind' in " + where.inside() + ": one of " + known(variants));
        if (!(kind instanceof Node.Scalar word)) throw wrong(kind, where, "one of " + known(variants));
        var type = variants.get(word.text());
        if (type == null)
            throw new UserError(word.place() + ": unknown kind '" + word.text() + "' for " + where.self() + "."
                    + Names.suggestion(word.text(), variants.keySet()));
        return instance(type, node instanceof Node.Block block ? block : new Node.Block(node.place(), Map.of()), where);
    }

    private static Object instance(Class<?> type, Node.Block block, Where where) {
        var components = type.getRecordComponents();
        refuseUnknown(type, components, block, where);
        var values = new @Nullable Object[components.length];
        for (int i = 0; i < components.length; i++) values[i] = component(components[i], block, where);
        try {
            var types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            var constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true); // a record may be its package's own
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException bad) throw impossible(bad, block, where);
            throw new IllegalStateException("constructor of " + type, e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("constructor of " + type, e);
        }
    }

    private static void refuseUnknown(Class<?> type, RecordComponent[] components, Node.Block block, Where where) {
        var known = Arrays.stream(components).map(Names::key).toList();
        boolean isVariant = Arrays.stream(type.getInterfaces()).anyMatch(Class::isSealed);
        block.entries().forEach((key, entry) -> {
            if (!known.contains(key) && !(isVariant && key.equals("kind")))
                throw new UserError(
                        entry.place() + ": unknown key '" + key + "' in " + where.inside() + "."
                                + Names.suggestion(key, Names.withAliases(known)));
        });
    }

    private static @Nullable Object component(RecordComponent component, Node.Block block, Where where) {
        String key = Names.key(component);
        var entry = block.entries().get(key);
        if (entry != null) {
            if (entry.value() instanceof Node.Empty)
                throw new UserError(entry.place() + ": " + where.key(key) + " has no value. Give one or remove the key");
            return value(component.getGenericType(), entry.value(), where.child(key));
        }
        var byDefault = component.getAnnotation(Default.class);
        if (byDefault != null)
            return value(component.getGenericType(), YamlTree.fragment(byDefault.value(), block.place()), where.child(key));
        if (isNullable(component)) return null;
        throw new UserError(block.place() + ": missing key '" + key + "' in " + where.inside());
    }

    /// What a key means that is left out; null where that is "none".
    static @Nullable Object byDefault(RecordComponent component) {
        var byDefault = component.getAnnotation(Default.class);
        return byDefault == null ? null
                : value(component.getGenericType(), YamlTree.fragment(byDefault.value(), "a default"), Where.RECIPE);
    }

    public static boolean isNullable(RecordComponent component) {
        AnnotatedElement type = component.getAnnotatedType();
        return type.isAnnotationPresent(Nullable.class);
    }

    /// A record refused its values: shown at the line of the key that its message begins with, as deep as that path is written.
    private static UserError impossible(IllegalArgumentException bad, Node.Block block, Where where) {
        String message = String.valueOf(bad.getMessage());
        int space = message.indexOf(' ');
        String path = space < 0 ? message : message.substring(0, space);
        String place = block.place();
        Node node = block;
        Where inside = where;
        var keys = List.of(path.split("\\."));
        int named = 0; // keys before it lead to an item of a list, which is a place: stage 'joint'
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
            }
        }
        String at = inside.key(String.join(".", keys.subList(named, keys.size())));
        return new UserError(place + ": " + at + message.substring(Math.max(space, 0)), bad);
    }

    private static Node.Block block(Node node, Where where) {
        if (node instanceof Node.Block block) return block;
        throw wrong(node, where, "a block of keys");
    }

    private static UserError wrong(Node node, Where where, String wanted) {
        return new UserError(node.place() + ": " + where.self() + " must be " + wanted + ", but is " + Node.describe(node));
    }

    private static String known(Map<String, ?> variants) { return String.join(", ", variants.keySet()); }
}
