package dev.fusedit.trainer.stage;

import com.google.common.io.ByteArrayDataInput;
import com.google.common.io.ByteStreams;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.distributed.ProcessGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Tensors by name of which each process keeps some.
final class Shards {
    private Shards() {}

    private record Kept(String name, DType dtype, long[] shape) {}

    /// On rank 0 those of all processes, in the names' order: copies of the others' on the CPU, which are the innermost scope's. In the others
    /// nothing is left to be had: theirs go to rank 0.
    static Map<String, Tensor> onFirst(ProcessGroup ranks, Map<String, Tensor> own) {
        var all = new TreeMap<>(own);
        var kept = ranks.gather(bytes(own)).stream().map(Shards::kept).toList();
        for (int from = 1; from < kept.size(); from++) {
            for (var each : kept.get(from)) {
                if (ranks.isFirst()) {
                    var place = all.computeIfAbsent(each.name(), _ -> Tensor.empty(each.dtype(), each.shape()));
                    ranks.move(place, from, 0);
                } else if (ranks.rank() == from) {
                    try (var _ = TensorScope.open()) {
                        ranks.move(own.get(each.name()).to(Device.CPU), from, 0);
                    }
                }
            }
        }
        return all;
    }

    private static byte[] bytes(Map<String, Tensor> tensors) {
        var out = ByteStreams.newDataOutput();
        out.writeInt(tensors.size());
        tensors.forEach((name, tensor) -> {
            out.writeUTF(name);
            out.writeUTF(tensor.dtype().name());
            out.writeInt(tensor.rank());
            for (long size : tensor.shape()) out.writeLong(size);
        });
        return out.toByteArray();
    }

    private static List<Kept> kept(byte[] bytes) {
        var in = ByteStreams.newDataInput(bytes);
        var kept = new ArrayList<Kept>();
        for (int left = in.readInt(); left > 0; left--) kept.add(new Kept(in.readUTF(), DType.valueOf(in.readUTF()), shape(in)));
        return kept;
    }

    private static long[] shape(ByteArrayDataInput in) {
        var shape = new long[in.readInt()];
        for (int i = 0; i < shape.length; i++) shape[i] = in.readLong();
        return shape;
    }
}
