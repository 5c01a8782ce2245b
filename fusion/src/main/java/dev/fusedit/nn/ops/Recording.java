package dev.fusedit.nn.ops;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One op on the tape of a [RecordedOps]: what its backward needs, until that is done.
///
/// In an [Op#recorded] the gradients' places are asked for first, then what is read later is kept, then the backward is given:
///
///     var dx = recording.gradient(x);
///     var kept = recording.keep(x);
///     recording.backward(dy -> { if (dx != null) dx.add(dy.mul(kept.cos())); });
///     return x.sin();
public final class Recording {
    private final RecordedOps tape;
    private final TensorScope owner = TensorScope.holding();
    private List<GradAccumulator.Value> results = List.of();
    private Consumer<List<@Nullable Tensor>> backward = _ -> {};
    private List<Supplier<Tensor>> homes = List.of();
    private boolean byAutograd;

    Recording(RecordedOps tape) { this.tape = tape; }

    /// Where the gradient of something that is read goes; null if nobody wants it.
    public @Nullable GradAccumulator gradient(@Nullable Tensor read) { return read == null ? null : tape.accumulator(read); }

    /// Another handle on what is read later: the caller's may be freed.
    public Tensor keep(Tensor read) { return tape.keeps() ? owner.hold(read.anotherHandle()) : read; }

    /// As [#keep], for what may not be there.
    public @Nullable Tensor keepNullable(@Nullable Tensor read) { return read == null ? null : keep(read); }

    /// As [#keep], for records.
    public <R extends TensorRecord<R>> R keepAll(R read) { return read.replaced(this::keep); }

    /// Takes over what the op itself made for its backward.
    public <T extends Tensors> T hold(T made) { return owner.hold(made); }

    /// Who owns what [#hold] takes.
    public TensorScope owner() { return owner; }

    /// How the result's gradient becomes that of what was read; it runs once, in a scope of its own, with gradients off, and may write over
    /// the gradient that it is given.
    public void backward(Consumer<Tensor> ofResult) { backward = all -> ofResult.accept(Objects.requireNonNull(all.getFirst())); }

    /// As [#backward], of an op with several results: null for each that no gradient reached, but never for all.
    public void backwardOfAll(Consumer<List<@Nullable Tensor>> ofResults) { backward = ofResults; }

    /// Puts something around the backward that was given.
    void aroundBackward(Consumer<Runnable> around) {
        var inner = backward;
        backward = gradients -> around.accept(() -> inner.accept(gradients));
    }

    /// Where each result's gradient is to be written first, for results that lie in one memory.
    void homes(List<Supplier<Tensor>> places) { homes = places; }

    /// Leaves the op to libtorch: its graph is kept, from leaves that stand for the op's inputs.
    public <R extends TensorRecord<R>> R byAutograd(Op<R> op) {
        record Input(Tensor leaf, GradAccumulator sum) {}
        byAutograd = true;
        var inputs = new ArrayList<Input>();
        var over = op.over(read -> {
            var sum = gradient(read);
            if (sum == null) {
                return read;
            }
            inputs.add(new Input(hold(read.detach().requiresGrad(true)), sum));
            return inputs.getLast().leaf();
        });
        R end;
        try (var _ = Autograd.withGrad()) {
            end = hold(TensorScope.scoped(over::autograd));
        }
        var ends = end.tensors().toList();
        backwardOfAll(gradients -> {
            backward(ends, gradients);
            for (var input : inputs) {
                var gradient = input.leaf().grad();
                if (gradient != null) {
                    input.sum().add(gradient);
                }
            }
        });
        return end.replaced(Tensor::detach);
    }

    /// Through graphs, from those of their ends that a gradient reached.
    static void backward(List<Tensor> ends, List<@Nullable Tensor> gradients) {
        var reached = new ArrayList<Tensor>();
        var given = new ArrayList<Tensor>();
        for (int i = 0; i < ends.size(); i++) {
            var gradient = gradients.get(i);
            if (gradient != null && ends.get(i).requiresGrad()) {
                reached.add(ends.get(i));
                given.add(gradient);
            }
        }
        if (!reached.isEmpty()) {
            try (var _ = Autograd.withGrad()) {
                Autograd.backward(reached, given);
            }
        }
    }

    boolean isByAutograd() { return byAutograd; }

    void results(List<GradAccumulator.Value> values) {
        results = values;
        for (int i = 0; i < homes.size(); i++) {
            values.get(i).home(homes.get(i));
        }
    }

    /// The backward, and the end of what was kept for it.
    void run() {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var gradients = new ArrayList<@Nullable Tensor>();
            results.forEach(value -> gradients.add(value.take()));
            if (gradients.stream().anyMatch(Objects::nonNull)) {
                backward.accept(gradients);
            }
        } finally {
            close();
        }
    }

    void close() { owner.close(); }
}
