package dev.fusedit.trainer.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {
    @TempDir
    private Path temp;

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDeviceIsNamedWithItsRemedy() throws IOException {
        var file = Files.createSymbolicLink(temp.resolve("metrics.jsonl"), Path.of("/dev/full"));
        try (var log = new MetricsLog(file)) {
            log.cutAfter(0);
            assertThatThrownBy(() -> log.row(1, Map.of("loss", 1.0))).isInstanceOf(UserError.class)
                    .hasMessage(file + " cannot be written: the disk is full. Free some space, or give another folder");
        }
    }

    @Test
    void aFolderInTheWayOfEventsIsNamed() throws IOException {
        var file = Files.writeString(temp.resolve("tensorboard"), "");
        assertThatThrownBy(() -> EventFile.create(file, 0)).isInstanceOf(UserError.class).hasMessageContaining("event files in " + file)
                .hasMessageContaining("is in the way");
    }

    @Test
    void linesThatAKillToreAreCut() throws IOException {
        var file = Files.writeString(temp.resolve("m.jsonl"), "{\"step\":1}\n{\"step\":2}\n{\"st");
        try (var log = new MetricsLog(file)) {
            assertThat(log.lastStep()).isEqualTo(2);
            log.cutAfter(1);
            log.row(2, Map.of("loss", 0.5));
        }
        assertThat(file).hasContent("{\"step\":1}\n{\"step\":2,\"loss\":0.5}");
    }
}
