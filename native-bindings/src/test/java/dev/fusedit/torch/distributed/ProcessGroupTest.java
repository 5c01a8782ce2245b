package dev.fusedit.torch.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Ranks as threads of one process: c10d does not mind.
@ExtendWith(NoTensorLeaks.class)
class ProcessGroupTest {
    private static final String BUILD = "1.0 abc";

    private final int port = free();

    @BeforeEach
    void needsThePresets() { Assumptions.assumeTrue(Libtorch.info().source().equals("presets")); }

    private static int free() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, String> environment(int rank, int size) {
        return new HashMap<>(Map.of("RANK", Integer.toString(rank), "WORLD_SIZE", Integer.toString(size), "LOCAL_RANK",
                Integer.toString(rank), "LOCAL_WORLD_SIZE", Integer.toString(size), "MASTER_ADDR", "127.0.0.1", "MASTER_PORT",
                Integer.toString(port), "FUSEDIT_JOIN_SECONDS", "20", "FUSEDIT_ANSWER_SECONDS", "20"));
    }

    private <T> List<T> inRanks(int size, Function<ProcessGroup, T> body) throws Exception {
        return together(size, rank -> {
            try (var _ = TensorScope.open(); var group = ProcessGroup.join(BUILD, environment(rank, size))) {
                return body.apply(group);
            }
        });
    }

    private static <T> List<T> together(int size, Function<Integer, T> body) throws InterruptedException, ExecutionException {
        try (var threads = Executors.newFixedThreadPool(size)) {
            var all = IntStream.range(0, size).mapToObj(rank -> threads.submit(() -> body.apply(rank))).toList();
            var results = new ArrayList<T>();
            for (var each : all) results.add(each.get());
            return results;
        }
    }

    /// What each of several ranks is refused with.
    private static List<String> refusals(int size, Function<Integer, Object> body) throws Exception {
        return together(size, rank -> {
            try {
                return body.apply(rank).toString();
            } catch (UserError | PeerLost e) {
                return e.getMessage();
            }
        });
    }

    /// More than the backend has threads; other collectives between their beginnings and their ends.
    @Test
    void sumsGoOnBesideOtherWork() throws Exception {
        var sums = inRanks(3, group -> {
            int r = group.rank() + 1;
            var tensors = List.of(Tensor.of(new float[] {r}, 1), Tensor.full(10 * r, DType.F32, 3),
                    Tensor.of(new double[] {r, 2 * r, 3 * r, 4 * r}, 2, 2), Tensor.full(r, DType.F64, 100_000));
            var pending = tensors.stream().map(group::beginSum).toList();
            assertThat(group.gather(new byte[] {(byte) r})).hasSize(3);
            pending.forEach(Pending::await);
            assertThat(pending).allMatch(Pending::hasEnded);
            return tensors.stream().map(Tensor::toDoubles).toList();
        });
        assertThat(sums).allSatisfy(tensors -> {
            assertThat(tensors.get(0)).containsExactly(6);
            assertThat(tensors.get(1)).containsExactly(60, 60, 60);
            assertThat(tensors.get(2)).containsExactly(6, 12, 18, 24);
            assertThat(tensors.get(3)).hasSize(100_000).containsOnly(6);
        });
    }

    @Test
    void aSumMayGoToOneAlone() throws Exception {
        var sums = inRanks(3, group -> {
            var tensors = IntStream.range(0, 3).mapToObj(i -> Tensor.full(group.rank() + 1 + i, DType.F64, 5)).toList();
            var pending = IntStream.range(0, 3).mapToObj(i -> group.beginSum(tensors.get(i), i)).toList();
            pending.forEach(Pending::await);
            return tensors.get(group.rank()).toDoubles();
        });
        for (int i = 0; i < 3; i++) assertThat(sums.get(i)).containsOnly(6 + 3 * i);
    }

    @Test
    void sizesOfBucketsAreRead() {
        assertThat(JobSettings.of(Map.of()).bucketBytes()).isEqualTo(25 << 20);
        assertThat(JobSettings.of(Map.of("FUSEDIT_BUCKET_MIB", "0.5")).bucketBytes()).isEqualTo(1 << 19);
        assertThatThrownBy(() -> JobSettings.of(Map.of("FUSEDIT_BUCKET_MIB", "0"))).isInstanceOf(UserError.class)
                .hasMessageContaining("FUSEDIT_BUCKET_MIB is '0' in the environment, but must be a number above 0");
    }

    @Test
    void whatRanksSayAndSendArrivesInTheirOrder() throws Exception {
        var heard = inRanks(3, group -> {
            int r = group.rank();
            var said = group.gather("r".repeat(r).getBytes(StandardCharsets.UTF_8)).stream().map(bytes -> bytes.length).toList();
            var rows = group.gatherRows(Tensor.full(r, DType.F32, r, 2));
            var number = Tensor.of(new float[] {r}, 1);
            group.broadcast(List.of(number), 2);
            var moved = Tensor.of(new float[] {r}, 1);
            group.move(moved, 1, 0);
            return "%s %s %s %s".formatted(said, List.of(rows.size(0), rows.size(1)), number.itemLong(), moved.itemLong());
        });
        assertThat(heard).containsExactly("[0, 1, 2] [3, 2] 2 1", "[0, 1, 2] [3, 2] 2 1", "[0, 1, 2] [3, 2] 2 2");
    }

    @Test
    void rankZeroTellsAndEnds() throws Exception {
        var heard = inRanks(2, group -> {
            if (!group.isFirst()) return text(group.hear()) + text(group.hear()) + text(group.hear());
            group.tell("on".getBytes(StandardCharsets.UTF_8));
            group.tell(new byte[0]);
            group.end(143);
            return "";
        });
        assertThat(heard.get(1)).isEqualTo("on,,end 143");
    }

    private static String text(Word word) {
        return switch (word) {
            case Word.Message(var bytes) -> new String(bytes, StandardCharsets.UTF_8) + ",";
            case Word.End(int status) -> "end " + status;
        };
    }

    @Test
    void aLostRankIsNoticedByTheOthers() throws Exception {
        var told = refusals(2, rank -> {
            try (var _ = TensorScope.open(); var group = ProcessGroup.join(BUILD, environment(rank, 2))) {
                if (rank == 1) return "gone";
                group.beginSum(Tensor.ones(DType.F32, 4)).await();
                return "unnoticed";
            }
        });
        assertThat(told.get(0)).contains("Rank 0 ends: another process of this job is gone");
    }

    /// One sleeps; another waits for it; a third one has not come so far either.
    @Test
    void aRankThatHangsIsNamedAndAllSayWhatTheirThreadsDo() throws Exception {
        var over = new CountDownLatch(1);
        var log = new ConcurrentLinkedQueue<String>();
        var told = refusals(3, rank -> {
            var environment = environment(rank, 3);
            if (rank < 2) environment.put("FUSEDIT_ANSWER_SECONDS", rank == 0 ? "2" : "20");
            var place = Rendezvous.of(environment).orElseThrow();
            try (var _ = TensorScope.open(); var group = Joining.join(place, BUILD, JobSettings.of(environment), environment, log::add)) {
                if (rank == 2) hang(over);
                else group.beginSum(Tensor.ones(DType.F32, 4)).await();
                return "unnoticed";
            } finally {
                over.countDown();
            }
        });
        assertThat(told.getFirst()).contains("Rank 0 has waited 2 s for the other processes in vain", "Rank 2 does not take part")
                .doesNotContain("Rank 1 does not");
        assertThat(log).anySatisfy(said -> assertThat(said).contains("Rank 2 does not take part", "ProcessGroupTest.hang"))
                .anySatisfy(said -> assertThat(said).contains("Rank 1 waits for the others", "C10dWork.await"));
    }

    private static void hang(CountDownLatch over) {
        try {
            over.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aRankThatDoesNotComeIsNamed() {
        var environment = environment(0, 3);
        environment.put("FUSEDIT_JOIN_SECONDS", "1");
        assertThatThrownBy(() -> ProcessGroup.join(BUILD, environment)).isInstanceOf(UserError.class)
                .hasMessageContaining("these ranks did not come to 127.0.0.1:%d within 1 s: 1, 2".formatted(port));
    }

    @Test
    void aRankThatIsLateFindsNobody() {
        var environment = environment(1, 2);
        environment.put("FUSEDIT_JOIN_SECONDS", "1");
        assertThatThrownBy(() -> ProcessGroup.join(BUILD, environment)).isInstanceOf(UserError.class)
                .hasMessageContaining("Rank 1 finds nobody at 127.0.0.1:%d".formatted(port)).hasMessageContaining("has ended already");
    }

    /// As a pod that is started again while the others have not noticed yet that it was gone.
    @Test
    void aRankThatIsStartedAnewByItselfComesBackWithAll() throws Exception {
        inRanks(2, group -> {
            if (!group.isFirst()) {
                assertThatThrownBy(() -> ProcessGroup.join(BUILD, environment(1, 2))).isInstanceOf(PeerLost.class)
                        .hasMessageContaining(
                                "Rank 1 was started anew by itself: the job at 127.0.0.1:%d is already running".formatted(port));
            }
            return group.gather(new byte[0]).size();
        });
    }

    @Test
    void aPortInUseIsSaidToBe() throws IOException {
        try (var taken = new ServerSocket(0)) {
            var environment = environment(0, 2);
            environment.put("MASTER_PORT", Integer.toString(taken.getLocalPort()));
            assertThatThrownBy(() -> ProcessGroup.join(BUILD, environment)).isInstanceOf(UserError.class)
                    .hasMessageContaining("Rank 0 cannot listen at 127.0.0.1:%d".formatted(taken.getLocalPort()))
                    .hasMessageContaining("the port is in use");
        }
    }

    @Test
    void processesOfAnotherJobAreRefused() throws Exception {
        assertThat(refusals(2, rank -> ProcessGroup.join(BUILD, environment(rank, 2 + rank))))
                .allSatisfy(said -> assertThat(said).contains("WORLD_SIZE=2", "WORLD_SIZE=3"));
    }

    @Test
    void processesOfAnotherBuildAreRefused() throws Exception {
        assertThat(refusals(2, rank -> ProcessGroup.join("1.0 build" + rank, environment(rank, 2))))
                .allSatisfy(said -> assertThat(said).contains("is of another build (1.0 build"));
    }

    @Test
    void variablesAreRead() {
        assertThat(Rendezvous.of(Map.of())).isEmpty();
        assertThat(Rendezvous.of(Map.of("WORLD_SIZE", "1", "RANK", "0"))).isEmpty();
        assertThat(Rendezvous.of(Map.of("WORLD_SIZE", "4", "RANK", "3", "MASTER_ADDR", "node-0", "MASTER_PORT", "29500")))
                .contains(new Rendezvous(3, 4, 0, 1, "node-0", 29500, false, "run/0"));
        var elastic = environment(1, 2);
        elastic.putAll(Map.of("TORCHELASTIC_USE_AGENT_STORE", "True", "TORCHELASTIC_RESTART_COUNT", "2", "TORCHELASTIC_RUN_ID", "job"));
        assertThat(Rendezvous.of(elastic)).contains(new Rendezvous(1, 2, 1, 2, "127.0.0.1", port, true, "job/2"));
    }

    @Test
    void variablesThatContradictEachOtherAreRefused() {
        refused("RANK is '2' in the environment, but must be a number from 0 to 1 (WORLD_SIZE is 2)", "RANK", "2");
        refused("MASTER_PORT is not. Set it to a number from 1 to 65535", "MASTER_PORT", "");
        refused("MASTER_ADDR is not. Set it to the address of rank 0", "MASTER_ADDR", "");
        refused("WORLD_SIZE is 'two' in the environment, but must be a number from 1", "WORLD_SIZE", "two");
    }

    private void refused(String message, String name, String value) {
        var environment = environment(0, 2);
        environment.put(name, value);
        assertThatThrownBy(() -> Rendezvous.of(environment)).isInstanceOf(UserError.class).hasMessageContaining(message);
    }

    @Test
    void aloneNothingIsAsked() {
        try (var group = ProcessGroup.join(BUILD, Map.of())) {
            assertThat(group.isAlone()).isTrue();
            assertThat(group.gather(new byte[] {1})).containsExactly(new byte[] {1});
        }
    }
}
