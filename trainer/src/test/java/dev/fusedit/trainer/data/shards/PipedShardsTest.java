package dev.fusedit.trainer.data.shards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.shards.ShardSettings.Pipes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipedShardsTest {
    private static final byte[] TAR = ShardFiles.tar(1, 200_000);
    private ShardStore store;

    @TempDir
    private Path temp;

    @BeforeEach
    void open() throws IOException {
        store = store(Pipes.ALLOWED);
        Files.write(temp.resolve("a.tar"), TAR);
    }

    private ShardStore store(Pipes pipes) {
        return new ShardStore(new ShardSettings(temp.resolve("shards"), 1 << 24, HttpPatience.USUAL, pipes, _ -> {}));
    }

    @AfterEach
    void close() { store.close(); }

    private Shard find(String command) { return store.find(ShardAddress.of("pipe:" + command)); }

    @Test
    void aCommandIsRunByTheShellOnce() throws IOException {
        var command = "echo ran >> '%1$s/log'; cat '%1$s/a.tar' | gzip".formatted(temp);
        for (int i = 0; i < 2; i++) assertThat(store.<byte[]>reading(find(command), _ -> false, Files::readAllBytes)).isEqualTo(TAR);
        assertThat(Files.readAllLines(temp.resolve("log"))).hasSize(1);
    }

    @Test
    void noCommandIsRunUnlessItIsAllowed() {
        try (var refusing = store(Pipes.REFUSED)) {
            assertThatThrownBy(() -> refusing.find(ShardAddress.of("pipe:touch '%s/ran'".formatted(temp)))).isInstanceOf(UserError.class)
                    .hasMessageContaining("--allow-pipe").hasMessageContaining("touch");
        }
        assertThat(temp.resolve("ran")).doesNotExist();
    }

    @Test
    void aCommandThatFailsIsNamedWithItsLastWords() throws IOException {
        assertThatThrownBy(() -> find("cat '%s/a.tar'; for i in 1 2 3 4 5 6 7; do echo word $i >&2; done; exit 7".formatted(temp)))
                .isInstanceOf(UserError.class).hasMessageContaining("status 7").hasMessageContaining("word 7")
                .hasMessageNotContaining("word 2").hasMessageContaining("exit 7");
        assertThatThrownBy(() -> find("false")).isInstanceOf(UserError.class).hasMessageContaining("status 1, and said nothing");
        assertThatThrownBy(() -> find("no-such-command-here")).isInstanceOf(UserError.class).hasMessageContaining("status 127")
                .hasMessageContaining("not found");
        assertThatThrownBy(() -> find("yes")).as("it is ended").isInstanceOf(UserError.class).hasMessageContaining("not a tar archive");
        try (var files = Files.list(temp.resolve("shards"))) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void aCommandHasNothingToReadAndMayTalk() throws IOException {
        var command = "cat; head -c 300000 /dev/zero | tr '\\0' x >&2; cat '%s/a.tar'".formatted(temp);
        assertThat(store.<byte[]>reading(find(command), _ -> false, Files::readAllBytes)).isEqualTo(TAR);
    }
}
