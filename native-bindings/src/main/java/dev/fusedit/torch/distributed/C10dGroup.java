package dev.fusedit.torch.distributed;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import com.google.common.primitives.Longs;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.javacpp.C10dBackend;
import dev.fusedit.torch.javacpp.C10dFailure;
import dev.fusedit.torch.javacpp.C10dStore;
import dev.fusedit.torch.javacpp.C10dWork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A job's processes over c10d: Gloo carries what lies on the CPU, NCCL what lies on CUDA devices.
///
/// Many small tensors are broadcast as one, in buckets of [#bucketBytes], since each call costs a round trip.
final class C10dGroup implements ProcessGroup {
    /// With rank 0, which samples and scores while the others wait; that it is gone is noticed all the same.
    private static final Duration LONG = Duration.ofDays(7);

    /// By which NCCL waits longer than Gloo: its own watchdog aborts a process that waits in vain, and what all threads do is to be said first.
    private static final Duration ALARM = Duration.ofMinutes(1);

    private static final Duration FAREWELL = Duration.ofSeconds(5);

    private final Rendezvous place;
    private final C10dStore store;
    private final Duration patience;
    private final long bucketBytes;
    private final C10dBackend gloo;
    private final Watchdog watchdog;
    private @Nullable C10dBackend nccl;

    /// @param store closed with this, as the watchdog is
    C10dGroup(Rendezvous place, C10dStore store, C10dBackend gloo, JobSettings settings, Watchdog watchdog) {
        this.place = place;
        this.store = store;
        this.gloo = gloo;
        patience = settings.answering();
        bucketBytes = settings.bucketBytes();
        this.watchdog = watchdog;
    }

    @Override
    public int rank() { return place.rank(); }

    @Override
    public int size() { return place.size(); }

    private void call(Device device, Duration waiting, Consumer<C10dBackend> collective) {
        watchdog.waits(true);
        try (var _ = Autograd.noGrad()) {
            collective.accept(backend(device));
        } catch (C10dFailure e) {
            throw lost(waiting, e);
        } finally {
            watchdog.waits(false);
        }
    }

    private PeerLost lost(Duration waiting, C10dFailure cause) {
        return PeerLost.of(rank(), waiting, cause, why -> watchdog.raise(store, why));
    }

    private C10dBackend backend(Device device) { return device.isCpu() ? gloo : nccl(); }

    private C10dBackend nccl() {
        if (nccl == null) nccl = C10dBackend.nccl(store, rank(), size(), patience.plus(ALARM));
        return nccl;
    }

    @Override
    public long bucketBytes() { return bucketBytes; }

    @Override
    public Pending beginSum(Tensor tensor) { return begin(tensor, backend -> backend.beginSum(tensor)); }

    @Override
    public Pending beginSum(Tensor tensor, int to) { return begin(tensor, backend -> backend.beginSum(tensor, to)); }

    private Pending begin(Tensor tensor, Function<C10dBackend, C10dWork> collective) {
        checkArgument(tensor.isContiguous(), "a tensor that is summed over processes must be contiguous");
        try (var _ = Autograd.noGrad()) {
            return new Begun(collective.apply(backend(tensor.device())));
        } catch (C10dFailure e) {
            throw lost(patience, e);
        }
    }

    private final class Begun implements Pending {
        private final C10dWork work;
        private boolean over;

        Begun(C10dWork work) { this.work = work; }

        @Override
        public boolean hasEnded() { return over || work.hasEnded(); }

        @Override
        public void await() {
            over = true;
            watchdog.waits(true);
            try {
                work.await();
            } catch (C10dFailure e) {
                throw lost(patience, e);
            } finally {
                watchdog.waits(false);
            }
        }
    }

    @Override
    public void broadcast(List<Tensor> tensors, int from) {
        inBuckets(tensors, flat -> call(flat.device(), patience, backend -> backend.broadcast(flat, from, patience)));
    }

    /// Neighbours of one dtype and device as one tensor, and back.
    private void inBuckets(List<Tensor> tensors, Consumer<Tensor> collective) {
        var bucket = new ArrayList<Tensor>();
        long bytes = 0;
        for (var tensor : tensors) {
            long own = tensor.numel() * tensor.dtype().bytes();
            if (!bucket.isEmpty() && (bytes + own > bucketBytes || !isAlike(tensor, bucket.getFirst()))) {
                together(bucket, collective);
                bucket.clear();
                bytes = 0;
            }
            bucket.add(tensor);
            bytes += own;
        }
        if (!bucket.isEmpty()) together(bucket, collective);
    }

    private static boolean isAlike(Tensor one, Tensor other) {
        return one.dtype() == other.dtype() && one.device().equals(other.device());
    }

    private static void together(List<Tensor> tensors, Consumer<Tensor> collective) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            if (tensors.size() == 1 && tensors.getFirst().isContiguous()) {
                collective.accept(tensors.getFirst());
                return;
            }
            var flat = Tensor.cat(0, tensors.stream().map(tensor -> tensor.reshape(tensor.numel())).toList());
            collective.accept(flat);
            long at = 0;
            for (var tensor : tensors) {
                tensor.copyInPlace(flat.narrow(0, at, tensor.numel()).view(tensor.shape()));
                at += tensor.numel();
            }
        }
    }

    @Override
    public List<byte[]> gather(byte[] own) {
        try (var _ = TensorScope.open()) {
            var lengths = gathered(Tensor.of(new long[] {own.length}, 1, 1)).toLongs();
            int most = (int) Math.max(1, Longs.max(lengths));
            var all = gathered(Tensor.of(Arrays.copyOf(own, most), 1, most)).toBytes();
            return IntStream.range(0, size()).mapToObj(i -> Arrays.copyOfRange(all, i * most, i * most + (int) lengths[i])).toList();
        }
    }

    /// (n, …) of each (1, …).
    private Tensor gathered(Tensor own_1) {
        var shape = own_1.shape();
        shape[0] = size();
        var all_N = Tensor.empty(own_1.dtype(), own_1.device(), shape);
        call(own_1.device(), patience, backend -> backend.gather(own_1, all_N));
        return all_N;
    }

    @Override
    public Tensor gatherRows(Tensor own_R) {
        return TensorScope.scoped(() -> {
            var counts = gathered(Tensor.of(new long[] {own_R.size(0)}, 1, 1)).toLongs();
            var shape = own_R.shape();
            shape[0] = Math.max(1, Longs.max(counts));
            var padded = Tensor.zeros(own_R.dtype(), own_R.device(), shape);
            if (own_R.size(0) > 0) padded.narrow(0, 0, own_R.size(0)).copyInPlace(own_R);
            var all_NR = gathered(padded.unsqueeze(0));
            return Tensor.cat(0, IntStream.range(0, size()).mapToObj(i -> all_NR.get(i).narrow(0, 0, counts[i])).toList());
        });
    }

    /// How many bytes a message has, or -1 - status for the end.
    private long announced(long own, Duration waiting) {
        try (var _ = TensorScope.open()) {
            var number = Tensor.of(new long[] {own}, 1);
            call(Device.CPU, waiting, backend -> backend.broadcast(number, 0, waiting));
            return number.itemLong();
        }
    }

    private byte[] said(byte[] own) {
        if (own.length == 0) return own;
        try (var _ = TensorScope.open()) {
            var bytes = Tensor.of(own, own.length);
            call(Device.CPU, patience, backend -> backend.broadcast(bytes, 0, patience));
            return bytes.toBytes();
        }
    }

    @Override
    public void tell(byte[] message) {
        checkState(isFirst(), "rank %s has nothing to tell the others", rank());
        announced(message.length, LONG);
        said(message);
    }

    @Override
    public Word hear() {
        long announced = announced(0, LONG);
        if (announced >= 0) return new Word.Message(said(new byte[(int) announced]));
        watchdog.close(); // rank 0 may be gone before this process is
        return new Word.End((int) (-1 - announced));
    }

    @Override
    public void end(int status) {
        checkState(isFirst(), "rank %s does not end the others", rank());
        try {
            announced(-1 - status, FAREWELL);
        } catch (PeerLost _) {
            // they end by noticing that this process has gone
        }
    }

    @Override
    public void move(Tensor tensor, int from, int to) {
        if (from == to) return;
        if (rank() == from) call(tensor.device(), patience, backend -> backend.send(tensor, to, 0));
        if (rank() == to) call(tensor.device(), patience, backend -> backend.receive(tensor, from, 0));
    }

    @Override
    public void close() {
        watchdog.close();
        if (nccl != null) nccl.close();
        gloo.close();
        store.close();
    }
}
