package dev.fusedit.fusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewFolderTest {
    @TempDir
    Path temp;

    private static void aPart(Path folder) throws IOException {
        Files.writeString(Files.createDirectories(folder.resolve("part")).resolve("file"), "x");
    }

    @Test
    void isThereWhole() throws IOException {
        for (var folder : new Path[] {temp.resolve("a/b"), Files.createDirectory(temp.resolve("empty"))}) {
            NewFolder.write(folder, NewFolderTest::aPart);
            assertThat(folder.resolve("part/file")).hasContent("x");
        }
        assertThat(temp.resolve("a")).isDirectoryNotContaining("glob:**.b*");
    }

    /// The folder itself stays, which a shell may stand in, and so does a link to it.
    @Test
    void anEmptyFolderThatIsThereIsFilled() throws IOException {
        var folder = Files.createDirectory(temp.resolve("empty"));
        var link = Files.createSymbolicLink(temp.resolve("link"), folder);
        var key = Files.readAttributes(folder, BasicFileAttributes.class).fileKey();
        NewFolder.write(link, "part", NewFolderTest::aPart);
        assertThat(Files.readAttributes(folder, BasicFileAttributes.class).fileKey()).isEqualTo(key);
        assertThat(link).isSymbolicLink();
        assertThat(folder.resolve("part/file")).hasContent("x");
        assertThat(folder).isDirectoryNotContaining("glob:**.unfinished*");
        NewFolder.write(Files.createDirectory(temp.resolve("other")).resolve("../other/."), NewFolderTest::aPart);
        assertThat(temp.resolve("other/part/file")).hasContent("x");
    }

    @Test
    void whatFailsLeavesAnEmptyFolderEmpty() throws IOException {
        assertThatThrownBy(() -> NewFolder.write(temp, folder -> {
            aPart(folder);
            throw new IOException("No space left on device");
        })).hasMessageContaining("No space");
        assertThat(temp).isEmptyDirectory();
    }

    @Test
    void aLinkToNothingIsRefused() throws IOException {
        var link = Files.createSymbolicLink(temp.resolve("link"), temp.resolve("nowhere"));
        assertThatThrownBy(() -> NewFolder.write(link, NewFolderTest::aPart)).isInstanceOf(UserError.class)
                .hasMessageContaining("is a link to what is not there");
    }

    @Test
    void orNotAtAll() throws IOException {
        assertThatThrownBy(() -> NewFolder.write(temp.resolve("a"), folder -> {
            aPart(folder);
            throw new IOException("No space left on device");
        })).hasMessageContaining("No space");
        assertThat(temp).isEmptyDirectory();
    }

    @Test
    void whatIsThereStays() throws IOException {
        aPart(temp);
        assertThatThrownBy(() -> NewFolder.write(temp, NewFolderTest::aPart)).isInstanceOf(UserError.class)
                .hasMessageContaining("is not empty");
        assertThatThrownBy(() -> NewFolder.write(temp.resolve("part/file"), NewFolderTest::aPart)).isInstanceOf(UserError.class)
                .hasMessageContaining("is a file");
        assertThat(temp.resolve("part/file")).hasContent("x");
    }
}
