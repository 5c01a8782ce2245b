package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WriteFailureTest {
    @TempDir
    private Path temp;

    /// The system's words, and what a person is told.
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "No space left on device | the disk is full",
        "Disk quota exceeded | the disk quota is used up",
        "Read-only file system | the file system is read-only",
        "File too large | ulimit -f",
        "Too many open files | ulimit -n",
        "File name too long | Give a shorter one",
        "Input/output error | the disk reports an error (Input/output error)",
        "Stale file handle | the file system is gone",
        "Transport endpoint is not connected | the file system is gone",
        "Protocol wrong type for socket | Protocol wrong type for socket"})
    void theSystemsReasonIsNamedWithARemedy(String reason, String told) {
        for (var e : new IOException[] {new IOException(reason), new FileSystemException("/x/y", null, reason)}) {
            assertThat(WriteFailure.of("/x/y", e)).hasMessageStartingWith("/x/y cannot be written: ").hasMessageContaining(told)
                    .message().doesNotContain("Exception");
        }
    }

    @Test
    void whatJavaHasAClassForIsNamedToo() {
        assertThat(WriteFailure.causeAndRemedy(new AccessDeniedException("/x"))).startsWith("/x may not be written to");
        assertThat(WriteFailure.causeAndRemedy(new NoSuchFileException("/x"))).startsWith("/x is not there, or its folder is not");
        assertThat(WriteFailure.causeAndRemedy(new IOException())).startsWith("IOException. ");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDeviceSaysSo() throws IOException {
        try (var full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
            assertThatThrownBy(() -> full.write(java.nio.ByteBuffer.allocate(1))).isInstanceOfSatisfying(IOException.class, e -> {
                assertThat(WriteFailure.isFull(e)).isTrue();
                assertThat(WriteFailure.isUnsupported(e)).isFalse();
            });
        }
    }

    // ---- files that are replaced whole

    @Test
    void whatCannotBeReplacedStaysAndLeavesNothingBehind() throws IOException {
        WholeFile.write(temp.resolve("a"), "old");
        WholeFile.write(temp.resolve("a"), "new");
        assertThat(temp.resolve("a")).hasContent("new");
        Files.createDirectories(temp.resolve("b/inside"));
        assertThatThrownBy(() -> WholeFile.write(temp.resolve("b"), "new")).isInstanceOf(IOException.class);
        assertThat(temp.toFile().list()).containsExactlyInAnyOrder("a", "b");
    }

    // ---- directories

    @ParameterizedTest
    @CsvSource({"Invalid argument", "Operation not supported", "Function not implemented"})
    void aFileSystemThatForcesNoDirectoriesIsNoFailure(String words) {
        assertThatCode(() -> DirectorySync.force(temp, _ -> {
            throw new IOException(words);
        })).doesNotThrowAnyException();
    }

    @Test
    void aDiskThatFailsIsOne() throws IOException {
        DirectorySync.force(temp);
        assertThatThrownBy(() -> DirectorySync.force(temp, _ -> {
            throw new IOException("Input/output error");
        })).hasMessage("Input/output error");
    }
}
