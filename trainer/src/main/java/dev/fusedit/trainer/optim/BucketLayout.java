package dev.fusedit.trainer.optim;

import static com.google.common.base.Preconditions.checkState;

import com.google.common.collect.ImmutableList;
import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Which gradients go over the processes together, and in which order: the same in all of them.
///
/// Gradients that become whole one after the other in the backward pass are neighbours, so that a bucket is full soon; buckets go in the
/// order in which they are.
///
/// @param buckets in the order in which they go
record BucketLayout(ImmutableList<Bucket> buckets) {
    /// @param places of its parameters, among those that learn
    /// @param owner who gets the sums; empty for everybody
    record Bucket(ImmutableList<Integer> places, OptionalInt owner) {}

    private record Kind(OptionalInt owner, DType dtype, Device device) {}

    private static final class Open {
        final List<Integer> places = new ArrayList<>();
        long bytes;
        /// When its last gradient is whole.
        int last;
    }

    /// @param arriving places of all parameters, in the order in which gradients become whole
    /// @param owner of a parameter's gradient; empty for everybody
    /// @param most bytes of a bucket, if it has more than one parameter
    static BucketLayout of(List<Parameter> parameters, List<Integer> arriving, Function<String, OptionalInt> owner, long most) {
        checkState(arriving.stream().distinct().count() == parameters.size(), "%s of %s gradients have a place", arriving,
                parameters.size());
        var filling = new LinkedHashMap<Kind, Open>();
        record Closed(Bucket bucket, int last) {}
        var closed = new ArrayList<Closed>();
        for (int i = 0; i < arriving.size(); i++) {
            var parameter = parameters.get(arriving.get(i));
            var dtype = parameter.master().dtype().wide();
            var kind = new Kind(owner.apply(parameter.name()), dtype, parameter.master().device());
            long bytes = parameter.master().numel() * dtype.bytes();
            var open = filling.computeIfAbsent(kind, _ -> new Open());
            if (!open.places.isEmpty() && open.bytes + bytes > most) {
                closed.add(new Closed(new Bucket(ImmutableList.copyOf(open.places), kind.owner), open.last));
                filling.put(kind, open = new Open());
            }
            open.places.add(arriving.get(i));
            open.bytes += bytes;
            open.last = i;
        }
        filling.forEach((kind, open) -> closed.add(new Closed(new Bucket(ImmutableList.copyOf(open.places), kind.owner), open.last)));
        return new BucketLayout(closed.stream().sorted(Comparator.comparingInt(Closed::last)).map(Closed::bucket)
                .collect(ImmutableList.toImmutableList()));
    }

    byte[] bytes() {
        var out = ByteStreams.newDataOutput();
        out.writeInt(buckets.size());
        buckets.forEach(bucket -> {
            out.writeInt(bucket.owner().orElse(-1));
            write(out, bucket.places());
        });
        return out.toByteArray();
    }

    private static void write(ByteArrayDataOutput out, List<Integer> places) {
        out.writeInt(places.size());
        places.forEach(out::writeInt);
    }

    static BucketLayout of(byte[] bytes) {
        var in = ByteStreams.newDataInput(bytes);
        return new BucketLayout(IntStream.range(0, in.readInt()).mapToObj(_ -> {
            int owner = in.readInt();
            var places = IntStream.range(0, in.readInt()).mapToObj(_ -> in.readInt()).collect(ImmutableList.toImmutableList());
            return new Bucket(places, owner < 0 ? OptionalInt.empty() : OptionalInt.of(owner));
        }).collect(ImmutableList.toImmutableList()));
    }
}
