package dev.fusedit.torch.threads;

import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.Seed;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import java.util.concurrent.CountDownLatch;

/// A process that ends with status 130 while its threads compute: `ExitStress THREADS MILLISECONDS`, with 1 to 8
/// threads of Java, and 8 of libtorch among them.
final class ExitStress {
    private ExitStress() {}

    public static void main(String[] arguments) throws InterruptedException {
        int threads = Integer.parseInt(arguments[0]);
        Libtorch.setThreads(8 / threads);
        var busy = new CountDownLatch(threads);
        for (int i = 0; i < threads; i++) {
            int which = i;
            Thread.ofPlatform().daemon().start(() -> compute(which, busy));
        }
        busy.await();
        Thread.sleep(Integer.parseInt(arguments[1]));
        System.exit(130);
    }

    private static void compute(int which, CountDownLatch busy) {
        try (var _ = TensorScope.open(); var _ = Autograd.withGrad()) {
            var weight = Tensor.randn(Seed.of(which), DType.F32, 64, 64).requiresGrad(true);
            var image = Tensor.randn(Seed.of(which), DType.F32, 1, 8, 24, 24);
            var kernel = Tensor.randn(Seed.of(which), DType.F32, 8, 8, 3, 3).requiresGrad(true);
            var large = Tensor.randn(Seed.of(which), DType.F32, 768, 768); // most of the time is in BLAS's buffers
            for (int i = 0;; i++) {
                try (var _ = TensorScope.open()) {
                    weight.matmul(weight).softmax(-1).add(weight).geluTanh().sum().backward();
                    image.conv2d(kernel, null, 1, 1).square().mean().backward();
                    large.matmul(large);
                    weight.clearGrad();
                    kernel.clearGrad();
                    if (i == 1) busy.countDown();
                }
            }
        }
    }
}
