package dev.fusedit.trainer.step;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.distributed.ProcessGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;

/// Two ranks of a job as threads of this process.
public final class TwoRanks {
    private TwoRanks() {}

    /// @param settings of the job, by their variables
    /// @return what each comes to, by rank
    public static <T> List<T> run(Map<String, String> settings, Function<ProcessGroup, T> body) throws Exception {
        Assumptions.assumeTrue(Libtorch.info().source().equals("presets"));
        var port = Integer.toString(free());
        try (var threads = Executors.newFixedThreadPool(2)) {
            var all = IntStream.range(0, 2).mapToObj(rank -> threads.submit(() -> {
                var environment = new HashMap<>(settings);
                environment
                        .putAll(Map.of("RANK", Integer.toString(rank), "WORLD_SIZE", "2", "MASTER_ADDR", "127.0.0.1", "MASTER_PORT", port,
                                "FUSEDIT_ANSWER_SECONDS", "60"));
                try (var group = ProcessGroup.join("build", environment)) {
                    return body.apply(group);
                }
            })).toList();
            var results = new ArrayList<T>();
            for (var each : all) results.add(each.get());
            return results;
        }
    }

    private static int free() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
