package dev.fusedit.torch.javacpp;

import static com.google.common.base.Preconditions.checkState;

import dev.fusedit.torch.HandleTrace;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.internal.abi.Handles;
import java.util.HashMap;
import java.util.Map;

/// Bytes that tensors of the meta device would take on another one: those of all storages that anybody holds, libtorch's graphs too. Its own
/// operators' insides are not seen, but where one keeps a tensor that it was given or gave.
///
/// It keeps an alias of each storage, which takes nothing there, so that it can ask how many hold it beside.
///
/// One at a time, for one thread; on the presets' libtorch.
public final class MetaMemory implements AutoCloseable {
    private final Map<Long, Held> storages = new HashMap<>();
    private long now;
    private long peak;

    private record Held(org.bytedeco.pytorch.Tensor alias, long bytes) {
        boolean isAlive() {
            try (var storage = alias.storage()) {
                return storage.use_count() > 1;
            }
        }
    }

    private MetaMemory() {}

    public static MetaMemory watch() {
        var memory = new MetaMemory();
        HandleTrace.watch(memory::made);
        return memory;
    }

    private void made(Tensor tensor) {
        if (!tensor.device().isMeta()) return;
        try (var theirs = JavaCppTensors.toJavaCpp(tensor); var storage = theirs.storage()) {
            long place = storage.unsafeGetStorageImpl().address();
            if (!storages.containsKey(place)) {
                long bytes = Handles.storageBytes(tensor.borrowHandle());
                storages.put(place, new Held(theirs.detach(), bytes));
                now += bytes;
            }
        }
        if (now > peak) peak = Math.max(peak, bytes());
    }

    /// Now.
    public long bytes() {
        storages.values().removeIf(held -> {
            if (held.isAlive()) return false;
            held.alias().close();
            now -= held.bytes();
            return true;
        });
        checkState(now >= 0);
        return now;
    }

    /// At the worst moment so far.
    public long peak() { return peak; }

    @Override
    public void close() {
        HandleTrace.watch(null);
        storages.values().forEach(held -> held.alias().close());
        storages.clear();
    }
}
