package dev.fusedit.trainer.stage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.DType;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.trainer.checkpoint.Checkpoints;
import dev.fusedit.trainer.step.TwoRanks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class RankFilesTest {
    @TempDir
    private Path temp;

    /// What both hear.
    private static List<RankFiles> written(Function<Integer, Path> folders) throws Exception {
        return TwoRanks.run(Map.of(), group -> {
            try (var _ = TensorScope.open()) {
                int rank = group.rank();
                var average = Tensor.full(rank, DType.F32, 2, 3);
                var remembered = new RunTensors.Remembered(Map.of("w" + rank, average),
                        rank == 0 ? Map.of() : Map.of("w1.exp_avg", Tensor.full(7, DType.F64, 5)));
                return RankFiles.write(folders.apply(rank), remembered, group);
            }
        });
    }

    @Test
    void whatEachHasWrittenIsReadAsOne() throws Exception {
        var checkpoints = new Checkpoints(temp, 1);
        var folder = checkpoints.beginParts(9, RankFiles.names(2));
        var all = written(_ -> folder);
        assertThat(all.get(1)).as("all hear the same").isEqualTo(all.get(0));
        assertThat(all.getFirst().failure()).isEmpty();
        try (var snapshot = SnapshotFiles.of(RunSnapshot.written(folder, all.getFirst()))) {
            checkpoints.save(9, snapshot.files(), snapshot.parts());
        }
        var checkpoint = Checkpoint.open(temp.resolve("step-9"));
        assertThat(checkpoint.names()).containsExactlyInAnyOrder("ema.safetensors.index.json", "optimizer.safetensors.index.json",
                "ema-00001-of-00002.safetensors", "ema-00002-of-00002.safetensors", "optimizer-00002-of-00002.safetensors");
        try (var _ = TensorScope.open();
                var average = CheckpointFiles.requiredTensors(checkpoint, CheckpointFiles.AVERAGE);
                var moments = CheckpointFiles.requiredTensors(checkpoint, CheckpointFiles.OPTIMIZER)) {
            assertThat(average.names()).containsExactly("w0", "w1");
            assertThat(average.read("w1").toDoubles()).hasSize(6).containsOnly(1);
            assertThat(moments.read("w1.exp_avg").toDoubles()).hasSize(5).containsOnly(7);
        }
    }

    @Test
    void aRankThatCannotWriteIsNamedToAll() throws Exception {
        var folder = new Checkpoints(temp, 1).beginParts(9, RankFiles.names(2));
        Files.createDirectory(folder.resolve("optimizer-00002-of-00002.safetensors"));
        assertThat(written(_ -> folder)).allSatisfy(all -> {
            assertThat(all.failure().orElseThrow()).startsWith("rank 1 cannot write its part: ");
            assertThat(all.isApart()).isFalse();
        });
    }

    @Test
    void aRankWithAnotherFolderIsNamedToAll() throws Exception {
        var folder = new Checkpoints(temp, 1).beginParts(9, RankFiles.names(2));
        assertThat(written(rank -> rank == 0 ? folder : temp.resolve("elsewhere"))).allSatisfy(all -> {
            assertThat(all.failure()).contains("rank 1 does not see the run's folder of rank 0");
            assertThat(all.isApart()).isTrue();
        });
    }
}
