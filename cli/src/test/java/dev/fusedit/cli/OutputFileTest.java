package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class OutputFileTest {
    @TempDir
    private Path temp;

    private static void write(Path file, String text) { OutputFile.write(file, text.getBytes(StandardCharsets.UTF_8)); }

    /// Another name of the old file still has all of it: whenever a write ends, either is whole.
    @Test
    void aFileIsReplacedAndNotWrittenOver() throws IOException {
        var file = temp.resolve("page.html");
        write(file, "before");
        var old = Files.createLink(temp.resolve("old"), file);
        write(file, "now");
        assertThat(file).hasContent("now");
        assertThat(old).hasContent("before");
        assertThat(Files.list(temp)).as("nothing unfinished").containsExactlyInAnyOrder(file, old);
    }

    @Test
    void aLinkStaysOne() throws IOException {
        var file = Files.writeString(temp.resolve("file"), "before");
        var link = Files.createSymbolicLink(temp.resolve("link"), file);
        write(link, "now");
        assertThat(link).isSymbolicLink();
        assertThat(file).hasContent("now");
    }

    @Test
    void aDeviceIsWrittenToAndAFolderRefused() {
        write(Path.of("/dev/null"), "now");
        assertThat(Files.isRegularFile(Path.of("/dev/null"))).isFalse();
        assertThatThrownBy(() -> write(temp, "now")).isInstanceOf(UserError.class).hasMessageContaining(temp.toString());
        assertThatThrownBy(() -> write(temp.resolve("none/file"), "now")).isInstanceOf(UserError.class);
    }
}
