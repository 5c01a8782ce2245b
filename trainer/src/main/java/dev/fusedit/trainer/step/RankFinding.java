package dev.fusedit.trainer.step;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.io.ByteArrayDataInput;
import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import com.google.common.primitives.Longs;
import dev.fusedit.torch.distributed.MessageTexts;
import java.util.BitSet;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// What a process has found in its slice of a batch; or several of them, in theirs.
///
/// @param values losses
/// @param samples keys
/// @param reached parameters that have a gradient, by their place among those that learn
/// @param signal 0, or the status of a signal
/// @param shortage what memory did not hold, in words; empty if it held all
record RankFinding(LossValues values, List<Long> samples, BitSet reached, int signal, String shortage) {
    RankFinding {
        samples = ImmutableList.copyOf(samples);
    }

    static RankFinding ofShortage(String what) { return new RankFinding(LossValues.NONE, List.of(), new BitSet(), 0, what); }

    RankFinding signalled(int other) { return new RankFinding(values, samples, reached, other, shortage); }

    /// With that of the process of the next rank.
    RankFinding plus(RankFinding next) {
        var any = (BitSet) reached.clone();
        any.or(next.reached);
        return new RankFinding(values.plus(next.values), Stream.concat(samples.stream(), next.samples.stream()).toList(), any,
                signal != 0 ? signal : next.signal, shortage.isEmpty() ? next.shortage : shortage);
    }

    byte[] bytes() {
        var out = ByteStreams.newDataOutput();
        out.writeDouble(values.total());
        out.writeInt(values.each().size());
        values.each().forEach((name, value) -> {
            out.writeUTF(name);
            out.writeDouble(value);
        });
        write(out, Longs.toArray(samples));
        write(out, reached.toLongArray());
        out.writeInt(signal);
        MessageTexts.write(out, shortage);
        return out.toByteArray();
    }

    private static void write(ByteArrayDataOutput out, long... numbers) {
        out.writeInt(numbers.length);
        LongStream.of(numbers).forEach(out::writeLong);
    }

    static RankFinding of(byte[] bytes) {
        var in = ByteStreams.newDataInput(bytes);
        double total = in.readDouble();
        var each = ImmutableMap.<String, Double>builder();
        for (int left = in.readInt(); left > 0; left--) each.put(in.readUTF(), in.readDouble());
        var samples = numbers(in);
        var reached = BitSet.valueOf(numbers(in));
        int signal = in.readInt();
        return new RankFinding(new LossValues(total, each.buildOrThrow()), Longs.asList(samples), reached, signal, MessageTexts.read(in));
    }

    private static long[] numbers(ByteArrayDataInput in) {
        var numbers = new long[in.readInt()];
        for (int i = 0; i < numbers.length; i++) numbers[i] = in.readLong();
        return numbers;
    }
}
