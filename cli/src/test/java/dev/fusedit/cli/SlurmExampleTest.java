package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `examples/slurm.sbatch`, with programs in the places of Slurm's.
@EnabledOnOs(OS.LINUX)
class SlurmExampleTest {
    private static final Path SCRIPT = Path.of("../examples/slurm.sbatch").toAbsolutePath();

    @TempDir
    private Path temp;

    /// @param status of the job's processes
    private int run(int status, Map<String, String> environment, List<String> arguments) throws IOException, InterruptedException {
        program("scontrol", "case $1 in show) printf 'node-a\\nnode-b\\n' ;; *) echo \"$*\" >>asked ;; esac");
        program("srun", "SLURM_PROCID=1 SLURM_LOCALID=0 \"$@\"\nexit " + status);
        program("fusedit", "echo \"$RANK of $WORLD_SIZE, $LOCAL_RANK of $LOCAL_WORLD_SIZE, $MASTER_ADDR:$MASTER_PORT: $*\" >started");
        var command = new ArrayList<>(List.of("bash", SCRIPT.toString()));
        command.addAll(arguments);
        var builder = new ProcessBuilder(command).directory(temp.toFile()).redirectErrorStream(true)
                .redirectOutput(temp.resolve("said").toFile());
        builder.environment().putAll(Map.of("PATH", temp + ":" + System.getenv("PATH"), "SLURM_JOB_ID", "1017", "SLURM_NTASKS", "2",
                "SLURM_NTASKS_PER_NODE", "1", "SLURM_JOB_NODELIST", "node-[a-b]"));
        builder.environment().putAll(environment);
        return builder.start().waitFor();
    }

    private void program(String name, String text) throws IOException {
        assertThat(Files.writeString(temp.resolve(name), "#!/bin/bash\n" + text + "\n").toFile().setExecutable(true)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 0, false", "138, 50, true", "134, 3, true", "137, 3, true", "134, 20, false", "2, 0, false", "143, 0, false"})
    void whatMayGoOnIsQueuedAgain(int status, int restarts, boolean again) throws Exception {
        assertThat(run(status, Map.of("SLURM_RESTART_COUNT", Integer.toString(restarts)), List.of("my.yaml", "/shared/run")))
                .isEqualTo(status);
        assertThat(temp.resolve("started")).hasContent("1 of 2, 0 of 1, node-a:21017: train my.yaml --out /shared/run");
        if (again) assertThat(temp.resolve("asked")).hasContent("requeue 1017");
        else assertThat(temp.resolve("asked")).doesNotExist();
    }

    @Test
    void whatItNeedsIsSaid() throws Exception {
        assertThat(run(0, Map.of(), List.of())).isEqualTo(2);
        assertThat(temp.resolve("said")).content().contains("give a recipe and the run's folder");
    }
}
