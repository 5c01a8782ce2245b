package dev.fusedit.nn.ops;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.Tensors;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Other ops, and what each kind of them takes, forward and backward: for finding out where the time goes. On a device whose ops return before they
/// are done it is the time to ask for them. For one thread.
public final class TimedOps implements Ops {
    private final Ops ops;
    private final Map<String, Double> seconds;

    public TimedOps(Ops ops) { this(ops, new LinkedHashMap<>()); }

    private TimedOps(Ops ops, Map<String, Double> seconds) {
        this.ops = ops;
        this.seconds = seconds;
    }

    /// Seconds so far by the ops' names ([Op#name]).
    public Map<String, Double> seconds() { return Collections.unmodifiableMap(seconds); }

    @Override
    public <R extends TensorRecord<R>> R run(Op<R> op) { return ops.run(new Timed<>(op, seconds)); }

    @Override
    public <A extends TensorRecord<A>, R extends TensorRecord<R>> R segment(A x, BiFunction<Ops, A, R> body) {
        return ops.segment(x, (inner, in) -> body.apply(new TimedOps(inner, seconds), in));
    }

    @Override
    public <R extends TensorRecord<R>> R graph(Supplier<R> body) { return ops.graph(body); }

    @Override
    public <T extends Tensors> T hold(T read) { return ops.hold(read); }

    private record Timed<R extends TensorRecord<R>>(Op<R> op, Map<String, Double> seconds) implements Op<R> {
        @Override
        public String name() { return op.name(); }

        @Override
        public Stream<Tensor> reads() { return op.reads(); }

        @Override
        public Op<R> over(UnaryOperator<Tensor> each) { return op.over(each); }

        @Override
        public R inference() { return timed(op::inference); }

        @Override
        public R autograd() { return timed(op::autograd); }

        @Override
        public R counted(Count count) { return op.counted(count); }

        @Override
        public R recorded(Recording recording) {
            var made = timed(() -> op.recorded(recording));
            recording.aroundBackward(backward -> timed(() -> {
                backward.run();
                return 0;
            }));
            return made;
        }

        private <T> T timed(Supplier<T> body) {
            long start = System.nanoTime();
            try {
                return body.get();
            } finally {
                seconds.merge(op.name(), (System.nanoTime() - start) / 1e9, Double::sum);
            }
        }
    }
}
