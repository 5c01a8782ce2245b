package dev.fusedit.torch.javacpp;

import dev.fusedit.torch.LibtorchUnavailable;
import java.time.Duration;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.PrefixStore;
import org.bytedeco.pytorch.StringVector;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;

/// A table of texts that processes share over the network: c10d's `TCPStore`, below a prefix. One of them holds it, the others ask it.
///
/// For the bridge's own use: callers take [dev.fusedit.torch.distributed.ProcessGroup]. Any thread may ask, one at a time.
public final class C10dStore implements AutoCloseable {
    private final TCPStore table;
    private final PrefixStore keys;

    private C10dStore(TCPStore table, PrefixStore keys) {
        this.table = table;
        this.keys = keys;
    }

    /// @param port to listen at, or to ask at
    /// @param holds whether this process holds the table; it listens on all of the machine's addresses
    /// @param prefix of all keys
    /// @param patience with which a table that is not there yet is waited for, and a key
    /// @throws C10dFailure if the port cannot be listened at, or nobody answers
    /// @throws LibtorchUnavailable on a libtorch that is not the presets'
    public static C10dStore open(String host, int port, boolean holds, String prefix, Duration patience) {
        TorchJni.load();
        try (var options = new TCPStoreOptions(); var timeout = new Milliseconds(patience.toMillis())) {
            options.port((short) port).isServer(holds).waitWorkers(false).timeout(timeout);
            var table = new TCPStore(host, options);
            return new C10dStore(table, new PrefixStore(prefix, table));
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    /// @throws C10dFailure if whoever holds the table is gone
    public void set(String key, String value) {
        try {
            keys.set(key, value);
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    /// Adds to a number, which begins at 0, and tells the sum.
    ///
    /// @throws C10dFailure if whoever holds the table is gone
    public long add(String key, long number) {
        try {
            return keys.add(key, number);
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    /// @throws C10dFailure if whoever holds the table is gone
    public boolean has(String key) {
        try (var _ = new PointerScope()) {
            return keys.check(new StringVector(key));
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    /// Waits for it, as long as the store has patience.
    ///
    /// @throws C10dFailure if it does not come, or whoever holds the table is gone
    public String get(String key) {
        try {
            return keys.get_to_str(key);
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    PrefixStore keys() { return keys; }

    /// Ends the table, if this process holds it.
    @Override
    public void close() {
        keys.close();
        table.close();
    }
}
