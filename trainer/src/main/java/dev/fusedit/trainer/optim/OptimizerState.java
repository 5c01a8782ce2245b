package dev.fusedit.trainer.optim;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableSortedMap;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.TensorSource;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/// The state of an optimizer, as `torch.optim`'s `state`: for each parameter tensors, under `PARAMETER.exp_avg` and the like, and the
/// number of steps it has taken. A parameter has none before its first step.
public final class OptimizerState implements AutoCloseable {
    private final TensorScope owned = TensorScope.holding();
    private final TreeMap<String, Tensor> tensors = new TreeMap<>();
    private final TreeMap<String, Long> steps = new TreeMap<>();

    /// One of an update's parameter, of the weight's shape; zeros at first.
    Tensor get(Update update, String kind) { return get(update, kind, update.weight().shape()); }

    /// One of another shape than the weight's.
    Tensor get(Update update, String kind, long... shape) {
        return tensors.computeIfAbsent(update.parameter() + "." + kind, _ -> {
            try (var _ = TensorScope.open()) {
                return owned.hold(Tensor.zeros(update.weight().dtype(), update.weight().device(), shape));
            }
        });
    }

    /// The number, from 1, of the step that a parameter takes now.
    long nextStep(String parameter) { return steps.merge(parameter, 1L, Long::sum); }

    /// A step that the device has found not to be taken. A parameter whose first one it would have been has nothing to remember.
    public void notTaken(String parameter) {
        if (steps.merge(parameter, -1L, Long::sum) == 0) retain(name -> !name.equals(parameter));
    }

    /// A step that another process takes, of a parameter that it owns.
    public void takenElsewhere(String parameter) { nextStep(parameter); }

    // ---- from stage to stage

    /// Forgets all parameters but these.
    public void retain(Predicate<String> parameters) {
        steps.keySet().removeIf(name -> !parameters.test(name));
        tensors.entrySet().removeIf(entry -> {
            boolean gone = !parameters.test(parameterOf(entry.getKey()));
            if (gone) {
                entry.getValue().free();
            }
            return gone;
        });
    }

    public void clear() { retain(_ -> false); }

    // ---- checkpoints

    /// All tensors by name, in the names' order. They stay this object's.
    public Map<String, Tensor> state() { return ImmutableSortedMap.copyOfSorted(tensors); }

    /// Steps that each parameter has taken.
    public Map<String, Long> steps() { return ImmutableSortedMap.copyOfSorted(steps); }

    /// Takes the place of whatever was remembered.
    ///
    /// @param file what [#state] was
    /// @param taken what [#steps] was
    /// @throws UserError if the file remembers of what the weights don't have
    public void load(TensorSource file, Map<String, Long> taken, Weights weights) { load(file, taken, weights, _ -> true); }

    /// As [#load(TensorSource, Map, Weights)].
    ///
    /// @param own parameters whose tensors are kept here
    public void load(TensorSource file, Map<String, Long> taken, Weights weights, Predicate<String> own) {
        clear();
        var parameters = new HashSet<String>();
        weights.all().forEach(parameter -> parameters.add(parameter.name()));
        requireKnown(file.names().stream().map(OptimizerState::parameterOf).toList(), parameters, file);
        requireKnown(taken.keySet(), parameters, file);
        for (var name : file.names()) {
            if (!own.test(parameterOf(name))) continue;
            var master = weights.parameter(parameterOf(name)).master();
            try (var _ = TensorScope.open()) {
                tensors.put(name, owned.hold(file.read(name).to(master.dtype().wide()).to(master.device())));
            }
        }
        steps.putAll(taken);
    }

    private static void requireKnown(Iterable<String> names, Set<String> parameters, TensorSource file) {
        for (var name : names) {
            if (!parameters.contains(name)) {
                throw new UserError("%s does not fit the model: it remembers of '%s', which the model doesn't have".formatted(file.path(),
                        name));
            }
        }
    }

    private static String parameterOf(String name) {
        int dot = name.lastIndexOf('.');
        checkArgument(dot > 0, "'%s' names no parameter and kind", name);
        return name.substring(0, dot);
    }

    /// Bytes of all tensors.
    public long bytes() { return owned.bytes(); }

    @Override
    public void close() { owned.close(); }
}
