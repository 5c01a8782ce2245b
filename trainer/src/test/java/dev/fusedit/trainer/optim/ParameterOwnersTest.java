package dev.fusedit.trainer.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.nn.Parameter;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.distributed.ProcessGroup;
import dev.fusedit.torch.distributed.Word;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class ParameterOwnersTest {
    private static Parameter parameter(String name, long size) {
        var weight = Tensor.zeros(DType.F32, size);
        return new Parameter(name, weight, weight);
    }

    /// Nobody is asked: only rank and size are read.
    private static ProcessGroup ranks(int rank, int size) { return new Placed(rank, size); }

    private static long owned(List<Parameter> parameters, int rank, String part) {
        var owners = ParameterOwners.balanced(parameters, name -> name.startsWith(part), ranks(rank, 3));
        return parameters.stream().filter(parameter -> parameter.name().startsWith(part) && owners.has(parameter.name()))
                .mapToLong(parameter -> parameter.master().numel()).sum();
    }

    @Test
    void eachKindIsBalancedByItself() {
        var parameters = Stream.concat(IntStream.of(60, 50, 40, 30, 20, 10, 3).mapToObj(size -> parameter("dit." + size, size)),
                IntStream.of(9, 8, 7).mapToObj(size -> parameter("llm." + size, size))).toList();
        assertThat(IntStream.range(0, 3).mapToObj(rank -> owned(parameters, rank, "dit"))).containsExactlyInAnyOrder(73L, 70L, 70L);
        assertThat(IntStream.range(0, 3).mapToObj(rank -> owned(parameters, rank, "llm"))).containsExactly(9L, 8L, 7L);
    }

    @Test
    void withoutSharesAllIsOnesOwn() { assertThat(ParameterOwners.ALL.has("any")).isTrue(); }

    private record Placed(int rank, int size) implements ProcessGroup {
        @Override
        public void sum(List<Tensor> tensors) { throw new UnsupportedOperationException(); }

        @Override
        public void broadcast(List<Tensor> tensors, int from) { throw new UnsupportedOperationException(); }

        @Override
        public List<byte[]> gather(byte[] own) { throw new UnsupportedOperationException(); }

        @Override
        public Tensor gatherRows(Tensor own_R) { throw new UnsupportedOperationException(); }

        @Override
        public void tell(byte[] message) { throw new UnsupportedOperationException(); }

        @Override
        public Word hear() { throw new UnsupportedOperationException(); }

        @Override
        public void end(int status) { throw new UnsupportedOperationException(); }

        @Override
        public void move(Tensor tensor, int from, int to) { throw new UnsupportedOperationException(); }

        @Override
        public void close() {}
    }
}
