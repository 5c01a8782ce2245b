package dev.fusedit.trainer.bench.curves;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.dit.FuseDiTConfig;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.bench.Workload;
import dev.fusedit.trainer.bench.Workloads;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// What a training step is varied in, all else as in the workload train-s: 6 layers of width 384 on both sides, joint self-attention, a
/// batch of 8, 64 image tokens, texts of 9 to 33 tokens.
public enum Quantity {
    /// Samples of a step.
    BATCH("samples, of 64 image tokens and 9 to 33 text tokens", doubled(1, 64)),
    /// Image tokens of a sample, in a square or in two; with a batch of 2, one of them padded.
    TOKENS("image tokens of a sample, in a batch of 2 with texts of 12 and 20 tokens", doubled(64, 4096)),
    /// Text tokens of every sample, without padding.
    TEXT("text tokens of a sample, in a batch of 8 with 64 image tokens", doubled(16, 512)),
    /// Of language model and image side together, by [GrowingModel].
    PARAMETERS("parameters of both sides, in a batch of 8 with 64 image tokens and 9 to 33 text tokens",
            ImmutableList.of(1_000_000L, 3_000_000L, 10_000_000L, 30_000_000L, 100_000_000L, 300_000_000L, 1_000_000_000L));

    private static final int FEW = 2;
    private static final int MOST = 1 << 20;

    private final String about;
    private final ImmutableList<Long> usual;

    Quantity(String about, ImmutableList<Long> usual) {
        this.about = about;
        this.usual = usual;
    }

    private static ImmutableList<Long> doubled(long from, long to) {
        return LongStream.iterate(from, value -> value <= to, value -> 2 * value).boxed().collect(ImmutableList.toImmutableList());
    }

    /// What a number of it counts, and what stays as it is.
    public String about() { return about; }

    /// The values that are measured unless others are asked for, smallest first.
    public ImmutableList<Long> usual() { return usual; }

    /// @throws UserError if there is no such step
    public Workload.Train workload(long value) {
        if (value < 1 || this != PARAMETERS && value > MOST) {
            throw new UserError("%s must be from 1 to %,d, got %,d".formatted(this, MOST, value));
        }
        var base = (Workload.Train) Objects.requireNonNull(Workloads.builtIn().get("train-s"));
        var shape = base.shape();
        return new Workload.Train(switch (this) {
            case BATCH -> shape(shape, shape.model(), shape.rows(), shape.columns(), cycled(shape.lengths(), (int) value), value);
            case TOKENS -> {
                int patch = shape.model().image().patch();
                int down = mostSquare((int) value);
                yield shape(shape, shape.model(), patch * down, patch * (int) value / down, shape.lengths().subList(0, FEW), value);
            }
            case TEXT -> shape(shape, shape.model(), shape.rows(), shape.columns(), Collections.nCopies(shape.batch(), (int) value), value);
            case PARAMETERS -> shape(shape, GrowingModel.nearest(value).config(shape.model()), shape.rows(), shape.columns(),
                    shape.lengths(), value);
        }, base.gradClip());
    }

    private Workload.Shape shape(Workload.Shape base, FuseDiTConfig model, int rows, int columns, List<Integer> lengths, long value) {
        return new Workload.Shape(this + "-" + value, model, lengths.size(), base.channels(), rows, columns, lengths,
                Collections.max(lengths));
    }

    private static List<Integer> cycled(List<Integer> lengths, int count) {
        return IntStream.range(0, count).mapToObj(i -> lengths.get(i % lengths.size())).toList();
    }

    /// The largest divisor that is not above the root.
    private static int mostSquare(int tokens) {
        int side = (int) Math.sqrt(tokens);
        while (tokens % side != 0) {
            side--;
        }
        return side;
    }

    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
