package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.fusedit.torch.NoTensorLeaks;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class PtFileTest {
    @TempDir
    private Path folder;

    /// A zip with one tensor `w` of two floats, viewed with the given sizes and strides (pickled).
    private Path zip(int numel, String sizes, String strides, byte[] data) throws IOException {
        var path = folder.resolve("w.pt");
        try (var zip = new ZipOutputStream(Files.newOutputStream(path))) {
            zip.putNextEntry(new ZipEntry("w/data.pkl"));
            zip.write(("\u0080\2}X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"
                    + "0X\3\0\0\0cpuK"
                    + (char) numel + "tQK\0" + sizes + strides + "\u0089NtRs.").getBytes(StandardCharsets.ISO_8859_1));
            zip.putNextEntry(new ZipEntry("w/data/0"));
            zip.write(data);
        }
        return path;
    }

    private static byte[] floats(float... values) {
        var bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /// PyTorch stores members as they are, other tools deflate them; both are zips.
    @Test
    void deflatedMembersAndRepeatingViews() throws IOException {
        try (var file = TensorFiles.open(zip(2, "K\3K\2\u0086", "K\0K\1\u0086", floats(1, 2)))) {
            assertThat(file.read("w").toFloats()).containsExactly(1, 2, 1, 2, 1, 2);
        }
    }

    @Test
    void viewOfAllMemoryIsRefused() throws IOException {
        try (var file = TensorFiles.open(zip(1, "\u008a\6\0\0\0\0\0\20\u0085", "K\0\u0085", floats(1)))) {
            assertThatThrownBy(() -> file.read("w")).isInstanceOf(UserError.class)
                    .hasMessageContaining("repeats 1 elements to 70368744177664 bytes");
        }
    }

    @Test
    void storageHasTheSizeThatItsTensorsNeed() {
        assertThatThrownBy(() -> TensorFiles.open(zip(3, "K\3\u0085", "K\1\u0085", floats(1, 2)))).isInstanceOf(UserError.class)
                .hasMessageEndingWith("member 'w/data/0' has 8 bytes, its tensors need 12");
    }

    @Test
    void fileThatShrinksIsAnError() throws IOException {
        var path = Files.copy(Goldens.path("checkpoints/nested_legacy.pt"), folder.resolve("shrinks.pt"));
        try (var file = TensorFiles.open(path)) {
            try (var channel = java.nio.channels.FileChannel.open(path, java.nio.file.StandardOpenOption.WRITE)) {
                channel.truncate(2100);
            }
            assertThatThrownBy(() -> file.names().forEach(file::read)).isInstanceOf(UserError.class)
                    .hasMessageContaining("was shortened while it was read");
        }
    }

    @Test
    void bombsAreBounded() throws IOException {
        var bomb = Files.write(folder.resolve("bomb.pt.zst"), Zstd.compress(new byte[80 << 20]));
        assertThat(Files.size(bomb)).isLessThan(100_000);
        assertThatThrownBy(() -> TensorFiles.open(bomb)).isInstanceOf(UserError.class)
                .hasMessageContaining("unpacks to more than 200 times its size");
        assertThatThrownBy(() -> TensorFiles.open(zipBomb())).isInstanceOf(UserError.class)
                .hasMessageContaining("has a data.pkl of 83886080 bytes");
    }

    /// The worst that a pickle of the largest size makes: a dictionary for every byte. The tests' heap is that of the command line.
    @Test
    void pickleOfDictionariesStaysInTheHeap() throws IOException {
        var pickle = new byte[PtContainer.LARGEST_PICKLE];
        java.util.Arrays.fill(pickle, (byte) '}');
        pickle[0] = (byte) 0x80;
        pickle[1] = 2;
        var path = Files.write(folder.resolve("many.pt"), pickle);
        assertThatThrownBy(() -> TensorFiles.open(path)).isInstanceOf(UserError.class).hasMessageContaining("its pickle ends");
    }

    private Path zipBomb() throws IOException {
        var path = folder.resolve("bomb.pt");
        try (var zip = new ZipOutputStream(Files.newOutputStream(path))) {
            zip.putNextEntry(new ZipEntry("w/data.pkl"));
            zip.write(new byte[80 << 20]);
        }
        return path;
    }

    @Test
    void zstdLeavesNoFileBehind() throws IOException {
        var before = temporary();
        try (var file = TensorFiles.open(Goldens.path("checkpoints/ema.pt.zst"))) {
            assertThat(file.kind()).isEqualTo("pt-zst");
            assertThat(temporary()).isEqualTo(before);
        }
    }

    private static long temporary() throws IOException {
        try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().startsWith("fusedit-") && file.toString().endsWith(".pt")).count();
        }
    }
}
