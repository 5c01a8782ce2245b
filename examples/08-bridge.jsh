// The native bridge, measured
//
// Every op is a call from Java into libtorch's C ABI, through the Foreign Function & Memory API. What does a call cost, and from what size
// on does it not matter? Times are of this machine; a benchmark that is to be trusted is in `benchmarks/` (JMH).

// ---- The ruler
//
// Nanoseconds of a body: the least mean of a hundred rounds, after the JIT compiler had its time. What it makes goes with the round's
// scope.

double nanos(int times, Runnable body) {
    double best = Double.MAX_VALUE;
    for (int round = 0; round < 100; round++) {
        try (var inner = TensorScope.open(); var frozen = Autograd.noGrad()) {
            long start = System.nanoTime();
            for (int i = 0; i < times; i++) {
                body.run();
            }
            best = Math.min(best, (double) (System.nanoTime() - start) / times);
        }
    }
    return best;
}
var calls = Boolean.getBoolean("quick") ? 20 : 1000;
Libtorch.setThreads(1);

// ---- A call
//
// A question about a tensor crosses the border and allocates nothing; an op makes a tensor; `Torch.call` finds any operator by its name.

var small = Tensor.ones(DType.F32, 4);
var own = TensorScope.open(); // of this thread: the session's tensors may be any thread's, and take a little longer to look at
var mine = Tensor.ones(DType.F32, 4);
IO.println("size of a dimension     %8.0f ns".formatted(nanos(calls, () -> mine.size(0))));
IO.println("a view                  %8.0f ns".formatted(nanos(calls, () -> mine.view(2, 2))));
IO.println("add of 4 numbers        %8.0f ns".formatted(nanos(calls, () -> mine.add(mine))));
IO.println("the same in the session %8.0f ns".formatted(nanos(calls, () -> small.add(small))));
Runnable named = () -> Torch.call("aten::mul", "Tensor", mine, mine);
IO.println("mul by its name         %8.0f ns".formatted(nanos(calls, named))); // measured

// ---- Ops of some size
//
// From some thousand numbers on, memory is what takes the time.

for (int size : List.of(16, 256, 4096, 65_536, 1_048_576)) {
    var a = Tensor.rand(Seed.of(1), DType.F32, size);
    double time = nanos(Math.max(2, (int) Math.min(calls, 2e7 / size / 40)), () -> a.add(a));
    IO.println("add of %,9d numbers %,12.0f ns, %6.2f GB/s".formatted(size, time, 12.0 * size / time)); // measured
}

// ---- Matmuls

for (int side : List.of(16, 64, 256, 512)) {
    var a = Tensor.rand(Seed.of(1), DType.F32, side, side);
    double time = nanos(Math.max(2, (int) Math.min(calls, 1e9 / Math.pow(side, 3) / 12)), () -> a.matmul(a));
    double rate = 2 * Math.pow(side, 3) / time;
    IO.println("matmul of %3d x %3d %,12.0f ns, %6.1f GFLOP/s on one thread".formatted(side, side, time, rate)); // measured
}

// ---- To Java and back
//
// A copy each; there is no view of a tensor as a Java array.

var megabyte = Tensor.rand(Seed.of(1), DType.F32, 262_144);
var array = megabyte.toFloats();
IO.println("1 MiB to Java   %6.1f GB/s".formatted((1 << 20) / nanos(20, () -> megabyte.toFloats())));
IO.println("1 MiB from Java %6.1f GB/s".formatted((1 << 20) / nanos(20, () -> Tensor.of(array)))); // measured

// ---- Scopes
//
// Memory goes when its scope does: two hundred thousand tensors are made and freed, and none is left.

var before = TensorScope.live();
double each = nanos(calls, () -> TensorScope.scoped(() -> mine.mul(2.0).add(1.0)));
IO.println("two ops in a scope of their own %6.0f ns".formatted(each)); // measured

IO.println("tensors left: " + (TensorScope.live() - before));
own.close();
