package dev.fusedit.fusion.llm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.AttentionMask;
import dev.fusedit.nn.KeyValues;
import dev.fusedit.nn.PackedRows;
import dev.fusedit.nn.ScoreScaling;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Seed;
import dev.fusedit.nn.ops.Ops;
import dev.fusedit.nn.ops.RecordedOps;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Texts of any lengths are computed in few shapes, and the padding that this takes changes nothing.
@ExtendWith(NoTensorLeaks.class)
class PackedPromptTest {
    private static final DTypePolicy BF16 = new DTypePolicy(DType.F32, DType.BF16, Device.CPU);

    private static Prompt drawn(Random random, int texts, int longest) {
        var rows = new long[texts][];
        for (int i = 0; i < texts; i++) {
            rows[i] = new long[random.nextInt(longest + 1)];
            Arrays.fill(rows[i], 1 + random.nextInt(40));
        }
        return Prompt.of(rows);
    }

    /// Each of them costs half a megabyte for the rest of the process's life.
    @Test
    void aThousandBatchesHaveFewShapes() {
        var like = Tensor.zeros(DType.BF16, 1);
        var packed = new TreeSet<Integer>();
        var columns = new TreeSet<Integer>();
        var exact = new TreeSet<Integer>();
        var random = new Random(1);
        for (int step = 0; step < 1000; step++) {
            var prompt = drawn(random, 16, 24);
            columns.add(prompt.bucketed(like).tokens());
            packed.add(prompt.bucketed(like).packed(like).tokens());
            exact.add(prompt.packed(Tensor.zeros(DType.F32, 1)).tokens());
        }
        assertThat(exact).as("rows without padding, as f32 has them").hasSizeGreaterThan(100);
        assertThat(packed).as("rows").hasSizeLessThan(20);
        assertThat(columns).as("columns").hasSizeLessThan(3);
    }

    /// What lies behind a prompt in the row, next prompts and padding, has no part in what its tokens become, nor in any gradient.
    @Test
    void whatFollowsAPromptIsNotRead() {
        var rows = PackedRows.of(new int[] {3, 0, 5}, 8, 16, Device.CPU);
        for (double behind : new double[] {0, 100}) {
            var leaves = List.of(leaf("q", 4, behind), leaf("k", 1, behind), leaf("v", 1, behind));
            var own = new KeyValues(leaves.get(1), leaves.get(2));
            try (var ops = RecordedOps.of(false)) {
                Tensor out = ops.segment(leaves.getFirst(), (inner, q) -> inner.pack(rows, inner.attention(inner.spread(rows, q),
                        own.replaced(each -> inner.spread(rows, each)), ScoreScaling.plain(8), new AttentionMask.Causal())));
                assertThat(out.shape()).containsExactly(1, 16, 32);
                assertThat(out.narrow(1, 8, 8).abs().max().item()).isZero();
                ops.backward(out.to(DType.F32).sum(), _ -> {});
                var alone = Ops.INFERENCE.attention(leaves.getFirst().narrow(2, 3, 5), own.replaced(each -> each.narrow(2, 3, 5)),
                        ScoreScaling.plain(8),
                        new AttentionMask.Causal());
                assertThat(out.narrow(1, 3, 5).allClose(alone, 1e-2, 1e-2)).isTrue();
            }
            for (var leaf : leaves) {
                assertThat(leaf.grad().narrow(2, 8, 8).abs().max().item()).isZero();
                assertThat(leaf.grad().narrow(2, 0, 8).abs().max().item()).as("%s", leaf).isPositive();
            }
        }
    }

    private static Tensor leaf(String name, int heads, double behind) {
        return TensorScope.scoped(() -> Tensor.cat(2, Tensor.randn(Seed.of(3).derive(name), DType.F32, 1, heads, 8, 8),
                Tensor.full(behind, DType.F32, 1, heads, 8, 8)).to(DType.BF16).requiresGrad(true));
    }

    /// In bf16, where rows are padded, against rows of equal length.
    @Test
    void packedTextLearnsAsPaddedRowsDo() {
        var prompt = Prompt.of(new long[] {2, 7, 9, 11}, new long[0], new long[] {2, 5});
        try (var weights = Weights.fresh(Seed.of(1), BF16)) {
            var llm = LanguageModel.of(LanguageModelConfig.gemma(50, 32, 48, 2, 4, 2, 16), weights);
            weights.train(_ -> true);
            var packed = gradients(llm, weights, prompt, false);
            var padded = gradients(llm, weights, prompt, true);
            for (int i = 0; i < packed.size(); i++) {
                double largest = padded.get(i).abs().max().item();
                assertThat(packed.get(i).sub(padded.get(i)).abs().max().item()).isLessThanOrEqualTo(0.03 * largest);
            }
            assertThat(packed.getFirst().narrow(0, 0, 1).abs().max().item()).as("padding's row of the embeddings").isZero();
        }
    }

    /// Of the sum of squares of real tokens' states.
    private static List<Tensor> gradients(LanguageModel llm, Weights weights, Prompt given, boolean inRows) {
        var prompt = llm.bucketed(given);
        var entered = llm.enter(prompt, inRows, Ops.AUTOGRAD);
        var x = entered.x();
        assertThat(x.shape()).containsExactly(inRows ? new long[] {3, 8, 32} : new long[] {1, 8, 32});
        for (var layer : llm.layers()) {
            x = layer.forward(Ops.AUTOGRAD, x, entered.pass());
        }
        var real = inRows ? Tensor.cat(0, x.select(0, 0).narrow(0, 0, 4), x.select(0, 2).narrow(0, 0, 2)) : x.select(0, 0).narrow(0, 0, 6);
        real.to(DType.F32).square().sum().backward();
        return weights.all().filter(parameter -> parameter.compute().grad() != null).map(parameter -> {
            var gradient = parameter.compute().grad().to(DType.F32);
            parameter.compute().clearGrad();
            return gradient;
        }).toList();
    }
}
