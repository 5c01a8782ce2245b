package dev.fusedit.torch.javacpp;

import dev.fusedit.torch.LibtorchUnavailable;
import dev.fusedit.torch.Tensor;
import java.time.Duration;
import java.util.function.Function;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.Backend;
import org.bytedeco.pytorch.BroadcastOptions;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.ReduceOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch_gloo;
import org.bytedeco.pytorch.global.torch_nccl;
import org.bytedeco.pytorch.nccl.ProcessGroupNCCL;

/// Collectives of one of c10d's backends: Gloo for tensors on the CPU, NCCL for those on CUDA devices. Every process of the job calls the
/// same ones in the same order; each call but those that begin something waits until its own part is done.
///
/// For the bridge's own use: callers take [dev.fusedit.torch.distributed.ProcessGroup]. All methods belong to the thread that runs torch.
/// They throw [C10dFailure] if another process is gone or does not answer in time; the backend is of no use then.
public final class C10dBackend implements AutoCloseable {
    private final Backend backend;

    private C10dBackend(Backend backend) { this.backend = backend; }

    /// @param store by which the processes find each other; stays its owner's, and open longer than this
    /// @param address of this machine, at which the others reach it
    /// @param patience with which a collective waits for the others
    public static C10dBackend gloo(C10dStore store, int rank, int size, String address, Duration patience) {
        try (var timeout = new Milliseconds(patience.toMillis())) {
            Loader.load(torch_gloo.class);
            try (var options = ProcessGroupGloo.Options.create(timeout);
                    var devices = new GlooDeviceVector(ProcessGroupGloo.createDeviceForHostname(address))) {
                options.devices(devices);
                return new C10dBackend(new ProcessGroupGloo(store.keys(), rank, size, options));
            }
        } catch (LinkageError e) {
            throw new LibtorchUnavailable("Gloo of the presets cannot be loaded: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    /// As [#gloo], on the presets' build for CUDA.
    public static C10dBackend nccl(C10dStore store, int rank, int size, Duration patience) {
        try (var timeout = new Milliseconds(patience.toMillis()); var options = ProcessGroupNCCL.Options.create()) {
            Loader.load(torch_nccl.class);
            var group = new ProcessGroupNCCL(store.keys(), rank, size, options);
            group.setTimeout(timeout);
            return new C10dBackend(group);
        } catch (LinkageError e) {
            throw new LibtorchUnavailable("NCCL is in the presets' build for CUDA (FUSEDIT_MAVEN_ARGS=-Pcuda): " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    /// Begins to put the sum over all processes in the tensor's place in each of them.
    public C10dWork beginSum(Tensor tensor) { return begin(tensor, backend::allreduce); }

    /// As [#beginSum(Tensor)], in one of them alone; what the others are left with is of no use.
    public C10dWork beginSum(Tensor tensor, int to) {
        try (var options = new ReduceOptions()) {
            options.rootRank(to);
            return begin(tensor, tensors -> backend.reduce(tensors, options));
        }
    }

    /// c10d's work holds the tensor by itself.
    private static C10dWork begin(Tensor tensor, Function<TensorVector, Work> collective) {
        try (var shared = JavaCppTensors.toJavaCpp(tensor); var tensors = new TensorVector(shared)) {
            return new C10dWork(collective.apply(tensors));
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    /// One process's numbers take the tensor's place in all others.
    ///
    /// @param patience with that process
    public void broadcast(Tensor tensor, int from, Duration patience) {
        try (var options = new BroadcastOptions(); var timeout = new Milliseconds(patience.toMillis())) {
            options.rootRank(from).timeout(timeout);
            await(tensor, tensors -> backend.broadcast(tensors, options));
        }
    }

    /// Everybody's tensors, in the order of their ranks, take the place of `all`.
    ///
    /// @param all as many times as large
    public void gather(Tensor own, Tensor all) {
        try (var _ = new PointerScope(); var to = JavaCppTensors.toJavaCpp(all); var from = JavaCppTensors.toJavaCpp(own)) {
            finish(backend._allgather_base(to, from));
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    /// @param tag the same at the other end
    public void send(Tensor tensor, int to, int tag) { await(tensor, tensors -> backend.send(tensors, to, tag)); }

    public void receive(Tensor tensor, int from, int tag) { await(tensor, tensors -> backend.recv(tensors, from, tag)); }

    private static void await(Tensor tensor, Function<TensorVector, Work> collective) {
        try (var _ = new PointerScope(); var shared = JavaCppTensors.toJavaCpp(tensor); var tensors = new TensorVector(shared)) {
            finish(collective.apply(tensors));
        } catch (RuntimeException e) {
            throw new C10dFailure(e);
        }
    }

    private static void finish(Work work) {
        try (work) {
            work._wait();
        }
    }

    /// Leaves the group; the others notice.
    @Override
    public void close() { backend.close(); }
}
