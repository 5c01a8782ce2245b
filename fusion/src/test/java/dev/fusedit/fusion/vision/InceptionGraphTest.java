package dev.fusedit.fusion.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.nn.DTypePolicy;
import dev.fusedit.nn.Weights;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.PtFile;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.torch.io.TensorFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Against the network as `inception_graph_goldens.py` has it, by the names of the TensorFlow graph.
@Tag("numeric")
@ExtendWith(NoTensorLeaks.class)
class InceptionGraphTest {
    private static final Path GOLDEN = Path.of("src/test/resources/inception/graph.pt");

    @TempDir
    private Path folder;

    /// By the names that Python says, in their order.
    private static Map<String, long[]> shapes(PtFile golden) {
        var sizes = new LinkedHashMap<String, List<Long>>();
        golden.values().forEach((name, size) -> {
            var tensor = name.substring("shapes.".length(), name.lastIndexOf('.'));
            if (size instanceof Long number) sizes.computeIfAbsent(tensor, _ -> new ArrayList<>()).add(number);
        });
        var shapes = new LinkedHashMap<String, long[]>();
        sizes.forEach((name, all) -> shapes.put(name, all.stream().mapToLong(size -> size).toArray()));
        return shapes;
    }

    /// The formula of the script, in f64 as there.
    private static Tensor wave(String name, long... shape) {
        var hash = new CRC32();
        hash.update(name.getBytes(StandardCharsets.UTF_8));
        double shift = 0.1 * (hash.getValue() % 1000);
        long numel = 1;
        for (long size : shape) numel *= size;
        var values = new double[Math.toIntExact(numel)];
        for (int i = 0; i < values.length; i++) {
            double mixed = (double) i * i * 0.6180339887 + shift;
            values[i] = Math.sqrt(12) * (mixed - Math.floor(mixed) - 0.5);
        }
        return Tensor.of(values, shape);
    }

    private static Tensor weight(String name, long... shape) {
        return TensorScope.scoped(() -> {
            var drawn = wave(name, shape);
            double wide = 1;
            for (int i = 1; i < shape.length; i++) wide *= shape[i];
            return (shape.length > 1 ? drawn.mul(Math.sqrt(2 / wide)) : name.endsWith("var") ? drawn.mul(0.1).add(1) : drawn.mul(0.1))
                    .to(DType.F32);
        });
    }

    @Test
    void theNetworkIsReadByTheNamesOfTheGraph() throws IOException {
        var file = folder.resolve("inception.safetensors");
        try (var golden = (PtFile) TensorFiles.open(GOLDEN); var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var shapes = shapes(golden);
            assertThat(shapes).as("94 convolutions with 4 tensors each, and the classes").hasSize(94 * 4 + 2);
            try (var _ = TensorScope.open()) {
                var tensors = new LinkedHashMap<String, Tensor>();
                shapes.forEach((name, shape) -> tensors.put(name, weight(name, shape)));
                SafeTensors.write(file, tensors, Map.of());
            }
            try (var stored = TensorFiles.open(file); var weights = Weights.stored(InceptionV3.named(stored), DTypePolicy.F32)) {
                var network = InceptionV3.of(weights);
                weights.requireComplete();
                var features = network.features(wave("input", 1, 3, InceptionV3.SIDE, InceptionV3.SIDE).to(DType.F32));
                var wanted = golden.read("features");
                assertThat(features.sub(wanted).norm().item() / wanted.norm().item()).as("relative").isLessThan(2e-4);
            }
        }
    }

    /// A tensor that is not known is none that may be passed over: it could be a scale.
    @Test
    void whatTheGraphHasNotIsRefused() throws IOException {
        var file = folder.resolve("other.safetensors");
        try (var _ = TensorScope.open()) {
            var one = Tensor.ones(DType.F32, 32);
            SafeTensors.write(file, Map.of("layers.conv.weight", Tensor.ones(DType.F32, 32, 3, 3, 3), "layers.conv.beta", one,
                    "layers.conv.mean", one, "layers.conv.var", one, "layers.conv.gamma", one), Map.of());
            try (var stored = TensorFiles.open(file)) {
                var named = InceptionV3.named(stored);
                assertThat(named.names()).contains("layers.conv.gamma", "Conv2d_1a_3x3.bn.weight").doesNotContain("layers.conv.beta");
                assertThat(named.read("Conv2d_1a_3x3.bn.weight").sameValues(one)).isTrue();
                try (var weights = Weights.stored(named, DTypePolicy.F32)) {
                    InceptionV3.of(weights);
                    assertThatThrownBy(weights::requireComplete).isInstanceOf(UserError.class).hasMessageContaining("layers.conv.gamma");
                }
            }
        }
    }
}
