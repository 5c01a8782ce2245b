package dev.fusedit.nn;

import static com.google.common.base.Preconditions.checkState;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Foreach;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.torch.io.TensorSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// All that is learned, by name. Owns the handles; layers only refer to them, and are of no use once this is closed.
///
/// **Mixed precision.** Where [DTypePolicy#compute] is smaller than [DTypePolicy#master], every matrix has a copy in the compute dtype, and
/// that copy is the leaf that layers read and gradients arrive at; vectors (norms, biases) stay in the master's dtype, and a matrix that is
/// never trained ([DTypePolicy#trainable]) has no master. A step is then backward → [Parameter#gradient] (one cast each) → optimizer on the
/// masters → [#refreshCopies] (one call for all). The other way, a
/// cast in every layer's forward, moves the same bytes in training, but builds a graph node and allocates a copy per matrix and
/// pass: it costs again for each further pass of a step (text, previews, accumulation), and for all of a frozen language model, whose
/// copies are made once here.
public final class Weights implements AutoCloseable {
    private static final class Store {
        final TensorScope scope = TensorScope.holding();
        final Map<String, Parameter> parameters = new LinkedHashMap<>();
        final Map<String, Tensor> buffers = new LinkedHashMap<>();
        /// What [#joined] made, by the name of its first part.
        final Map<String, Tensor> joined = new LinkedHashMap<>();
        final DTypePolicy policy;
        final WeightSource source;
        final AdapterDropout dropout = new AdapterDropout();
        Adapters adapters = Adapters.NONE;
        /// Names of all linear layers.
        final List<String> linears = new ArrayList<>();

        Store(DTypePolicy policy, WeightSource source) {
            this.policy = policy;
            this.source = source;
        }
    }

    private final Store store;
    private final String prefix;

    private Weights(Store store, String prefix) {
        this.store = store;
        this.prefix = prefix;
    }

    /// Weights to be drawn as the layers ask for them.
    public static Weights fresh(Seed seed, DTypePolicy policy) {
        return new Weights(new Store(policy, new WeightSource.Drawn(seed)), "");
    }

    /// Weights to be read from a file as the layers ask for them. Call [#requireComplete] when the model is built; the file must stay
    /// open until then.
    public static Weights stored(TensorSource file, DTypePolicy policy) {
        return new Weights(new Store(policy, new WeightSource.Stored(file)), "");
    }

    /// Names and shapes of what layers ask for, whatever its size, in next to no memory; nothing can be computed with them.
    public static Weights shapes() { return new Weights(new Store(DTypePolicy.F32, new WeightSource.Shapes()), ""); }

    /// The same values in the same memory under leaves of their own: what a backward pass through a model over these brings arrives here alone.
    /// So backward passes over replicas may run at the same time ([dev.fusedit.torch.Lanes]).
    ///
    /// To be closed before the original; no optimizer, file or copy is needed for them. [#train] goes for each by itself.
    public Weights replica() {
        return new Weights(new Store(store.policy, new WeightSource.Replicated(store.parameters, store.buffers, store.joined)), prefix)
                .adapted(store.adapters);
    }

    /// Gives the layers that are built from now on adapters.
    public Weights adapted(Adapters adapters) {
        checkState(store.parameters.isEmpty(), "layers were built without adapters already");
        store.adapters = adapters;
        return this;
    }

    /// When the model is built: that each target of its adapters is one.
    ///
    /// @throws UserError naming a target that no linear layer fits, and those that there are
    public void requireTargets() { store.adapters.requireTargets(store.linears); }

    /// What the adapters leave out of their inputs.
    public AdapterDropout dropout() { return store.dropout; }

    /// The adapter of the linear layer of this name; null if it has none.
    @Nullable
    LoraAdapter lora(long in, long out) {
        if (prefix.isEmpty()) return null;
        var layer = prefix.substring(0, prefix.length() - 1);
        store.linears.add(layer);
        return store.adapters.of(layer).map(config -> new LoraAdapter(layer, get(LoraAdapter.A, Init.KAIMING_UNIFORM, config.rank(), in),
                get(LoraAdapter.B, Init.ZEROS, out, config.rank()), config.scaling(), config.dropout(), store.dropout)).orElse(null);
    }

    /// The same weights with names below `name`: `in("layers.3").get("weight", …)` is `layers.3.weight`.
    public Weights in(String name) { return new Weights(store, prefix + name + "."); }

    public DTypePolicy policy() { return store.policy; }

    /// The tensor that a layer computes with. It stays the weights' own.
    ///
    /// @throws IllegalStateException if the name was asked for before
    public Tensor get(String name, Init init, long... shape) {
        var full = prefix + name;
        checkState(!store.parameters.containsKey(full), "the parameter '%s' was asked for twice", full);
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            if (store.source instanceof WeightSource.Replicated original) {
                var parameter = original.parameter(full).replica();
                store.parameters.put(full, parameter);
                return store.scope.hold(parameter.compute());
            }
            var master = place(store.source.make(full, init, shape), store.policy.masterOf(full, shape));
            var computed = store.policy.computeOf(full, shape);
            var compute = computed == master.dtype() ? master : store.scope.hold(master.to(computed));
            store.parameters.put(full, new Parameter(full, master, compute));
            return compute;
        }
    }

    /// Puts matrices of equal width, which layers have asked for, one below the other into memory, so that one product can read them all.
    /// They stay parameters of their own.
    ///
    /// @return all rows together; the weights' own. Null where there are shapes alone
    @Nullable
    Tensor joined(List<Tensor> parts) {
        if (store.source instanceof WeightSource.Shapes) {
            return null;
        }
        var name = nameOf(parts.getFirst());
        if (store.source instanceof WeightSource.Replicated original) {
            return original.joined(name);
        }
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var whole = store.scope.hold(Tensor.cat(0, parts));
            store.joined.put(name, whole);
            long row = 0;
            for (var part : parts) {
                Torch.call("aten::set_", "source_Tensor", part, whole.narrow(0, row, part.size(0)));
                row += part.size(0);
            }
            return whole;
        }
    }

    private String nameOf(Tensor compute) {
        return store.parameters.values().stream().filter(parameter -> parameter.compute() == compute).findFirst().orElseThrow().name();
    }

    /// A tensor that is computed, not learned, but belongs to the model's state. A file's value takes the place of the computed one.
    public Tensor buffer(String name, Tensor computed) {
        var full = prefix + name;
        checkState(!store.buffers.containsKey(full), "the buffer '%s' was asked for twice", full);
        if (store.source instanceof WeightSource.Replicated original) {
            var shared = original.buffer(full);
            store.buffers.put(full, shared);
            return shared;
        }
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var isStored = store.source instanceof WeightSource.Stored stored && stored.file().contains(full);
            var value = place(isStored ? store.source.make(full, Init.ZEROS, computed.shape()) : computed.copy(), store.policy.vectors());
            store.buffers.put(full, value);
            return value;
        }
    }

    private Tensor place(Tensor made, DType dtype) { return store.scope.hold(made.to(dtype).to(store.policy.device())); }

    // ---- what trains

    /// Every learned tensor, in the order in which layers asked.
    public Stream<Parameter> all() { return store.parameters.values().stream().filter(p -> p.name().startsWith(prefix)); }

    /// Those that gradients are computed for.
    public List<Parameter> trainable() { return all().filter(Parameter::trainable).toList(); }

    /// Learned and computed tensors by name, as a checkpoint holds them: the masters.
    public Map<String, Tensor> state() {
        var state = new LinkedHashMap<String, Tensor>();
        all().forEach(p -> state.put(p.name(), p.master()));
        store.buffers.forEach((name, value) -> {
            if (name.startsWith(prefix)) {
                state.put(name, value);
            }
        });
        return state;
    }

    /// As [#state], adapters merged into their layers' weights: W + α/r · B A, computed in f32 and rounded to W's dtype. The innermost scope
    /// owns what was changed.
    public Map<String, Tensor> mergedState() {
        var merged = new LinkedHashMap<String, Tensor>();
        state().forEach((name, value) -> {
            if (LoraAdapter.isPart(name)) return;
            merged.put(name, name.endsWith(".weight") ? merged(name.substring(0, name.length() - ".weight".length()), value) : value);
        });
        return merged;
    }

    private Tensor merged(String layer, Tensor weight) {
        return store.adapters.of(layer).filter(_ -> store.parameters.containsKey(layer + "." + LoraAdapter.A)).map(config -> {
            try (var _ = Autograd.noGrad()) {
                var a = store.parameters.get(layer + "." + LoraAdapter.A).master();
                var b = store.parameters.get(layer + "." + LoraAdapter.B).master();
                return TensorScope.scoped(
                        () -> weight.to(a.dtype().wide()).add(LoraAdapter.change_OI(a, b, config.scaling())).to(weight.dtype()));
            }
        }).orElse(weight);
    }

    /// As [#state], under the names that follow this prefix.
    public Map<String, Tensor> localState() { return local(state()); }

    /// As [#mergedState], under the names that follow this prefix.
    public Map<String, Tensor> mergedLocalState() { return local(mergedState()); }

    private Map<String, Tensor> local(Map<String, Tensor> state) {
        var local = new LinkedHashMap<String, Tensor>();
        state.forEach((name, value) -> local.put(name.substring(prefix.length()), value));
        return local;
    }

    public Parameter parameter(String name) {
        return Objects.requireNonNull(store.parameters.get(prefix + name), () -> "there is no parameter " + prefix + name);
    }

    /// Computes gradients from now on for exactly the parameters (below this prefix) whose name fits.
    public void train(Predicate<String> names) { all().forEach(p -> p.compute().requiresGrad(names.test(p.name()))); }

    public void clearGradients() { all().forEach(p -> p.compute().clearGrad()); }

    /// Copies the masters of all trainable parameters to what layers compute with; after each change of the masters.
    public void refreshCopies() { refresh(all().filter(Parameter::hasCopy).filter(Parameter::trainable).toList()); }

    private static void refresh(List<Parameter> parameters) {
        if (!parameters.isEmpty()) {
            try (var _ = Autograd.noGrad()) {
                Foreach.copy(parameters.stream().map(Parameter::compute).toList(), parameters.stream().map(Parameter::master).toList());
            }
        }
    }

    // ---- files

    /// @throws UserError that lists what the file lacks, has too much, or has in another shape (the first 10 of each)
    public void requireComplete() {
        if (store.source instanceof WeightSource.Stored stored) {
            stored.requireComplete(state().keySet());
        }
    }

    /// Overwrites all that is below this prefix with a file's values; `names` tells the file's name for each of ours, null for what
    /// keeps its value.
    ///
    /// @throws UserError as [#requireComplete], before anything is changed
    public void load(TensorSource file, java.util.function.UnaryOperator<@Nullable String> names) {
        var check = new WeightSource.Stored(file);
        var known = new LinkedHashMap<String, Tensor>();
        state().forEach((name, value) -> {
            var theirs = names.apply(name);
            if (theirs != null) {
                known.put(theirs, value);
                check.fits(theirs, value.shape());
            }
        });
        check.requireComplete(known.keySet());
        try (var _ = Autograd.noGrad()) {
            known.forEach((name, value) -> {
                try (var _ = TensorScope.open()) {
                    value.copyInPlace(check.file().read(name));
                }
            });
        }
        refresh(all().filter(Parameter::hasCopy).toList());
    }

    /// Writes [#state] to a safetensors file.
    public void save(Path path) throws IOException { SafeTensors.write(path, state(), Map.of("format", "pt")); }

    /// Frees every weight.
    @Override
    public void close() { store.scope.close(); }

    /// `Weights(dit, 42 parameters, 1,234,567 numbers)`
    @Override
    public String toString() {
        if (all().anyMatch(parameter -> parameter.master().isClosed())) return "Weights(closed)";
        return String.format(Locale.ROOT, "Weights(%s%d parameters, %,d numbers)",
                prefix.isEmpty() ? "" : prefix.substring(0, prefix.length() - 1) + ", ", all().count(),
                all().mapToLong(parameter -> parameter.master().numel()).sum());
    }
}
