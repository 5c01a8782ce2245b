package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Init;
import dev.fusedit.nn.Parameter;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Lanes;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.trainer.step.TwoRanks;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Two ranks as threads, with backward passes that are made up.
@ExtendWith(NoTensorLeaks.class)
class GradientBucketsTest {
    private static final List<String> NAMES = List.of("a", "b", "idle", "c");
    private static final ParameterOwners[] OWNERS = {owners(0), owners(1)};

    private static ParameterOwners owners(int rank) {
        return new ParameterOwners(ImmutableMap.of("a", 0, "b", 1, "idle", 1, "c", 0), rank);
    }

    private interface Body {
        String run(int rank, Weights weights, ProcessGroup group);
    }

    private static List<String> inRanks(Body body) throws Exception {
        return TwoRanks.run(Map.of("FUSEDIT_BUCKET_MIB", "0.00002"), group -> { // 20 bytes
            try (var _ = TensorScope.open(); var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
                NAMES.forEach(name -> weights.get(name, Init.ZEROS, 3));
                weights.train(_ -> true);
                return body.run(group.rank(), weights, group);
            }
        });
    }

    private static void arrive(Weights weights, String name, double value) {
        weights.parameter(name).compute().setGrad(Tensor.full(value, DType.F32, 3));
    }

    /// `c` and `b` are told, `a` is whole at the end, in rank 0's second micro-batch alone; `idle` nowhere.
    private static void microBatch(int rank, int index, Weights weights, Gradients gradients) {
        var told = gradients.arriving(List.of(weights)).getFirst();
        told.begin(() -> List.of(weights.parameter("c").compute(), weights.parameter("b").compute()));
        arrive(weights, "c", 1);
        told.whole(weights.parameter("c").compute());
        arrive(weights, "b", rank + 1 + 10 * index);
        told.whole(weights.parameter("b").compute());
        if (rank == 0 && index == 1) arrive(weights, "a", 7);
    }

    private static void take(Weights weights, Gradients gradients) {
        try (var lanes = Lanes.of(1)) {
            gradients.take(List.of(weights), lanes);
        }
    }

    private static String text(Gradients gradients) {
        var text = new StringBuilder();
        for (var name : NAMES) {
            var sum = gradients.of(name);
            text.append(name).append(sum == null ? gradients.reach(name) ? " elsewhere" : " none" : " " + sum.toFloats()[2]).append(", ");
        }
        return text.toString();
    }

    private static BitSet anywhere() {
        var anywhere = new BitSet();
        List.of(0, 1, 3).forEach(anywhere::set);
        return anywhere;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sumsAreThoseOfAllRanksAndMicroBatches(boolean toOwners) throws Exception {
        var sums = inRanks((rank, weights, group) -> {
            var exchange =
                    new GradientExchange(weights.trainable(), group, toOwners ? Optional.of(OWNERS[rank]) : Optional.empty());
            var steps = new StringBuilder();
            for (int step = 0; step < 2; step++) { // the layout is settled in the first
                try (var gradients = exchange.begin(2)) {
                    for (int i = 0; i < 2; i++) {
                        microBatch(rank, i, weights, gradients);
                        take(weights, gradients);
                    }
                    assertThat(weights.all().map(parameter -> parameter.compute().grad())).containsOnlyNulls();
                    gradients.sum(anywhere());
                    gradients.zeroIfNone(weights.parameter("idle"));
                    steps.append(text(gradients));
                }
            }
            return steps.toString();
        });
        if (toOwners) {
            assertThat(sums).containsExactly("a 7.0, b elsewhere, idle elsewhere, c 4.0, ".repeat(2),
                    "a elsewhere, b 26.0, idle 0.0, c elsewhere, ".repeat(2));
        } else {
            assertThat(sums).containsExactly("a 7.0, b 26.0, idle 0.0, c 4.0, ".repeat(2), "a 7.0, b 26.0, idle 0.0, c 4.0, ".repeat(2));
        }
    }

    /// Memory does not hold its first backward pass, or its last one.
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void nobodyWaitsForARankThatGivesUp(int microBatch) throws Exception {
        for (boolean toOwners : List.of(false, true)) {
            assertThat(inRanks((rank, weights, group) -> {
                var exchange =
                        new GradientExchange(weights.trainable(), group, toOwners ? Optional.of(OWNERS[rank]) : Optional.empty());
                try (var gradients = exchange.begin(2)) {
                    for (int i = 0; i < 2; i++) {
                        if (rank == 1 && i == microBatch) {
                            gradients.arriving(List.of(weights));
                            gradients.abandon();
                            return "told " + group.gather(new byte[] {1}).size();
                        }
                        microBatch(rank, i, weights, gradients);
                        take(weights, gradients);
                    }
                    return "told " + group.gather(new byte[] {0}).size();
                }
            })).containsExactly("told 2", "told 2");
        }
    }

    @Test
    void neighboursInTheBackwardPassShareABucket() {
        try (var weights = Weights.fresh(Seed.of(1), DTypePolicy.F32)) {
            NAMES.forEach(name -> weights.get(name, Init.ZEROS, 3));
            List<Parameter> parameters = weights.all().toList();
            var order = List.of(3, 0, 1, 2);
            assertThat(BucketLayout.of(parameters, order, _ -> OptionalInt.empty(), 24).buckets().stream().map(BucketLayout.Bucket::places))
                    .containsExactly(ImmutableList.of(3, 0), ImmutableList.of(1, 2));
            var owned = BucketLayout.of(parameters, order, name -> OptionalInt.of(OWNERS[0].owner(name)), 12);
            assertThat(owned.buckets()).extracting(bucket -> bucket.places() + " to " + bucket.owner().getAsInt())
                    .containsExactly("[3] to 0", "[0] to 0", "[1] to 1", "[2] to 1");
            assertThat(BucketLayout.of(owned.bytes())).isEqualTo(owned);
        }
    }
}
