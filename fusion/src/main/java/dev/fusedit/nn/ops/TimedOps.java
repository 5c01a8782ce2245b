package dev.fusedit.nn.ops;

import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorRecord;
import dev.fusedit.torch.Tensors;
import dev.fusedit.torch.cuda.Accelerator;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Other ops, and what each kind of them takes, forward and backward: for finding out where the time goes. A device whose ops return before they
/// are done is waited for before and after each. For one thread.
public final class TimedOps implements Ops {
    private final Ops ops;
    private final Clock clock;

    private record Clock(Accelerator accelerator, Map<String, Double> seconds) {
        <T> T time(String name, Supplier<T> body) {
            accelerator.synchronize();
            long start = System.nanoTime();
            try {
                return body.get();
            } finally {
                accelerator.synchronize();
                seconds.merge(name, (System.nanoTime() - start) / 1e9, Double::sum);
            }
        }
    }

    /// @param accelerator that the ops compute on
    public TimedOps(Ops ops, Accelerator accelerator) { this(ops, new Clock(accelerator, new LinkedHashMap<>())); }

    private TimedOps(Ops ops, Clock clock) {
        this.ops = ops;
        this.clock = clock;
    }

    /// Seconds so far by the ops' names ([Op#name]).
    public Map<String, Double> seconds() { return Collections.unmodifiableMap(clock.seconds); }

    @Override
    public <R extends TensorRecord<R>> R run(Op<R> op) { return ops.run(new Timed<>(op, clock)); }

    @Override
    public <A extends TensorRecord<A>, R extends TensorRecord<R>> R segment(A x, BiFunction<Ops, A, R> body) {
        return ops.segment(x, (inner, in) -> body.apply(new TimedOps(inner, clock), in));
    }

    @Override
    public <R extends TensorRecord<R>> R graph(Supplier<R> body) { return ops.graph(body); }

    @Override
    public <T extends Tensors> T hold(T read) { return ops.hold(read); }

    private record Timed<R extends TensorRecord<R>>(Op<R> op, Clock clock) implements Op<R> {
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

        private <T> T timed(Supplier<T> body) { return clock.time(op.name(), body); }
    }
}
