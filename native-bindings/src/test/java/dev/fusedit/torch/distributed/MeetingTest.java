package dev.fusedit.torch.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Agents of torchrun that do not answer as this libtorch asks, played by sockets; ranks are threads of one process.
class MeetingTest {
    private static final String BUILD = "1.0 abc";
    private static final int JOIN_SECONDS = 12;

    private final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void needsThePresets() { Assumptions.assumeTrue(Libtorch.info().source().equals("presets")); }

    /// Accepts, and does with each connection as told.
    private record Agent(ServerSocket socket, List<Socket> accepted) implements AutoCloseable {
        static Agent start(int port, Consumer<Socket> what) throws IOException {
            var agent = new Agent(new ServerSocket(port), new ArrayList<>());
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    while (true) {
                        var one = agent.socket.accept();
                        agent.accepted.add(one);
                        what.accept(one);
                    }
                } catch (IOException _) {
                    // closed: the test is over
                }
            });
            return agent;
        }

        static Agent mute() throws IOException { return start(0, _ -> {}); }

        int port() { return socket.getLocalPort(); }

        @Override
        public void close() throws IOException {
            socket.close();
            for (var one : List.copyOf(accepted)) one.close();
        }
    }

    private static void hangUp(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, String> environment(int rank, int port) {
        return new HashMap<>(Map.of("RANK", Integer.toString(rank), "WORLD_SIZE", "2", "MASTER_ADDR", "127.0.0.1", "MASTER_PORT",
                Integer.toString(port), "TORCHELASTIC_USE_AGENT_STORE", "True", "FUSEDIT_JOIN_SECONDS", Integer.toString(JOIN_SECONDS),
                "FUSEDIT_ANSWER_SECONDS", "20"));
    }

    private ProcessGroup join(Map<String, String> environment) {
        return Joining.join(Rendezvous.of(environment).orElseThrow(), BUILD, JobSettings.of(environment), environment, log::add);
    }

    private void twoMeetIn(int agent) throws Exception {
        try (var threads = Executors.newFixedThreadPool(2)) {
            var said = IntStream.range(0, 2).mapToObj(rank -> threads.submit(() -> {
                try (var group = join(environment(rank, agent))) {
                    return group.gather(new byte[] {(byte) rank}).stream().map(bytes -> (int) bytes[0]).toList();
                }
            })).toList();
            for (var each : said) assertThat(each.get()).containsExactly(0, 1);
        }
    }

    @Test
    void ranksMeetBesideAnAgentThatSaysNothing() throws Exception {
        try (var agent = Agent.mute()) {
            twoMeetIn(agent.port());
            assertThat(log).hasSize(1).first().asString().contains(
                    "torchrun's agent at 127.0.0.1:%d does not answer".formatted(agent.port()),
                    "no answer within 3 s", "the processes meet at 127.0.0.1:");
        }
    }

    @Test
    void ranksMeetBesideAnAgentThatHangsUp() throws Exception {
        try (var agent = Agent.start(0, MeetingTest::hangUp)) {
            twoMeetIn(agent.port());
            assertThat(log).hasSize(1).first().asString().contains("does not answer", "the processes meet at 127.0.0.1:");
        }
    }

    @Test
    void aPortBesideTheAgentMayBeAnotherOnes() throws Exception {
        try (var agent = Agent.mute(); var other = Agent.start(beside(agent.port(), 1), _ -> {})) {
            twoMeetIn(agent.port());
            assertThat(log).first().asString()
                    .endsWith("the processes meet at 127.0.0.1:%d in its place".formatted(beside(agent.port(), 2)))
                    .doesNotContain("127.0.0.1:%d ".formatted(other.port()));
        }
    }

    private static int beside(int port, int number) { return Rendezvous.of(environment(0, port)).orElseThrow().beside(number).port(); }

    @Test
    void aRankThatFindsNoTableSaysSoInTime() throws Exception {
        try (var agent = Agent.mute()) {
            var environment = environment(1, agent.port());
            environment.put("FUSEDIT_JOIN_SECONDS", "2");
            long start = System.nanoTime();
            assertThatThrownBy(() -> join(environment)).isInstanceOf(UserError.class)
                    .hasMessageContaining("torchrun's agent at 127.0.0.1:%d does not answer".formatted(agent.port()))
                    .hasMessageContaining("rank 1 finds no table of rank 0 at the ports");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        }
    }

    @Test
    void anAgentThatAnswersIsJoined() throws Exception {
        var place = Rendezvous.of(environment(0, Agent.mute().port())).orElseThrow().beside(1); // where nobody listens
        try (var _ = Meeting.find(place, Duration.ofSeconds(JOIN_SECONDS), log::add).store()) {
            twoMeetIn(place.port());
            assertThat(log).isEmpty();
        }
    }

    @Test
    void portsBesideTheAgentsAreThereAlways() {
        assertThat(beside(29500, 1)).isEqualTo(29501);
        assertThat(beside(65535, 1)).isEqualTo(65534);
        assertThat(beside(65534, 3)).isEqualTo(65531);
    }
}
