package dev.fusedit.trainer.data.reference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.hash.Hashing;
import dev.fusedit.trainer.data.image.CoverCrop;
import dev.fusedit.trainer.data.image.ImageSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Against what webdataset, torch and torchvision did with the same shards (src/test/python/reference_order.py).
class ReferenceOrderTest {
    private static final Path FOLDER = Path.of("src/test/resources/goldens/webdataset");
    private static final int SIDE = 16;
    private static final int[][] SIZES = {{16, 16}, {20, 16}, {16, 31}, {40, 25}};

    private static JsonNode golden(String name) throws IOException { return new ObjectMapper().readTree(FOLDER.resolve(name).toFile()); }

    static Stream<JsonNode> cases() throws IOException {
        return StreamSupport.stream(golden("reference_order.json").get("cases").spliterator(), false);
    }

    private static List<List<ReferenceOrder.Entry>> shards() throws IOException {
        var shards = new ArrayList<List<ReferenceOrder.Entry>>();
        var crop = CoverCrop.square(SIDE);
        int first = 0;
        for (var count : golden("reference_order.json").get("sizes")) {
            shards.add(IntStream.range(first, first += count.asInt()).mapToObj(i -> {
                int[] size = SIZES[i % SIZES.length];
                var covering = crop.covering(new ImageSize(size[0], size[1]));
                return new ReferenceOrder.Entry(i, i % 3 != 1, covering.height() - SIDE + 1, covering.width() - SIDE + 1);
            }).toList());
        }
        return shards;
    }

    private static ReferenceOrder order(JsonNode of) throws IOException {
        return new ReferenceOrder(shards(), new ReferenceOrder.Setting(of.get("seed").asLong(), of.get("workers").asInt(),
                of.get("batch").asInt(), of.get("original_rate").asDouble(), of.get("crop").asBoolean()));
    }

    private static String line(ReferenceOrder.Turn turn, JsonNode of) {
        return "%03d %s %s %s".formatted(turn.index(), turn.original() ? "o" : "s",
                turn.isDropped(of.get("dropping_rate").asDouble()) ? "d" : "k",
                of.get("crop").asBoolean() ? turn.corner().top() + " " + turn.corner().left() : "-");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void samplesComeAsTheReferenceReadsThem(JsonNode of) throws IOException {
        var order = order(of);
        var lines = LongStream.range(0, 4200).mapToObj(position -> line(order.at(position), of)).toList();
        var first = StreamSupport.stream(of.get("first").spliterator(), false).map(JsonNode::asText).toList();
        assertThat(lines.subList(0, first.size())).isEqualTo(first);
        assertThat(Hashing.sha256().hashString(String.join("\n", lines) + "\n", StandardCharsets.UTF_8).toString())
                .isEqualTo(of.get("sha256_of_4200").asText());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anyPositionCanBeAskedFor(JsonNode of) throws IOException {
        var order = order(of);
        var far = order.at(100_000);
        assertThat(order(of).at(100_000)).isEqualTo(far);
        assertThat(line(order.at(0), of)).isEqualTo(of.get("first").get(0).asText());
        assertThat(order.at(100_000)).isEqualTo(far);
    }

    @Test
    void drawsArePythons() throws IOException {
        var expected = golden("expected.json").get("python_random_seed42");
        var random = MersenneTwister.ofPython(42);
        for (var value : expected.get("random_x5")) assertThat(random.random()).isEqualTo(value.asDouble());
        var integers = MersenneTwister.ofPython(42);
        var drawn = IntStream.range(0, 10).map(_ -> integers.below(10)).boxed().toList();
        var after = IntStream.range(0, 10).map(_ -> random.below(10)).boxed().toList();
        var golden = StreamSupport.stream(expected.get("randint_0_9_x10").spliterator(), false).map(JsonNode::asInt).toList();
        assertThat(List.of(drawn, after)).contains(golden);
    }

    /// `torch.empty((), dtype=torch.int64).random_()` and `torch.randint` of PyTorch 2.10.
    @Test
    void drawsAreTorchs() {
        assertThat(MersenneTwister.ofTorch(42).torchLong()).isEqualTo(6909045637428952499L);
        var random = MersenneTwister.ofTorch(7);
        assertThat(IntStream.range(0, 10).map(_ -> random.torchBelow(5)).toArray()).containsExactly(0, 2, 1, 1, 3, 2, 2, 4, 3, 1);
        assertThat(IntStream.range(0, 3).map(_ -> random.torchBelow(1000)).toArray()).containsExactly(158, 631, 8);
    }
}
