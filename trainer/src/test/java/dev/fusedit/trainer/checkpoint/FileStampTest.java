package dev.fusedit.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStampTest {
    @TempDir
    private Path temp;

    @Test
    void whatChangesASizeOrAHeadIsSeenAtOnceAndTheRestByTheWhole() throws IOException {
        var bytes = new byte[3 * FileStamp.HEAD];
        var file = Files.write(temp.resolve("model.gguf"), bytes);
        var stamp = FileStamp.of(file).withWhole(file);
        assertThat(stamp.difference(file)).isEmpty();
        assertThat(stamp.differenceOfWhole(file)).isEmpty();

        bytes[bytes.length - 1] = 1;
        Files.write(file, bytes);
        assertThat(stamp.difference(file)).as("behind the head").isEmpty();
        assertThat(stamp.differenceOfWhole(file)).contains("holds other bytes");
        bytes[FileStamp.HEAD - 1] = 1;
        Files.write(file, bytes);
        assertThat(stamp.difference(file)).contains("begins with other bytes");
        Files.write(file, new byte[3]);
        assertThat(stamp.difference(file)).contains("has 3 bytes, but had 3145728");
        Files.delete(file);
        assertThat(stamp.differenceOfWhole(file)).contains("is not there");
    }

    /// Where a model was, where it moved to together with its run, and where a recipe says: the first that is the one.
    @Test
    void aModelIsFoundAgain() throws IOException {
        var run = Files.createDirectories(temp.resolve("run/checkpoints/step-1"));
        var model = Files.createDirectories(temp.resolve("run/models/tiny"));
        Files.writeString(model.resolve("model.safetensors"), "weights");
        var reference = Reference.to("weights.llm", model, temp.resolve("run"), List.of(model.resolve("model.safetensors")));
        assertThat(reference.inside()).isEqualTo("models/tiny");
        assertThat(reference.find(run, null)).isEqualTo(model.toRealPath());

        Files.move(temp.resolve("run"), temp.resolve("moved"));
        var moved = temp.resolve("moved/checkpoints/step-1");
        assertThat(reference.find(moved, null)).isEqualTo(temp.resolve("moved/models/tiny").toRealPath());
        var other = Files.createDirectories(temp.resolve("other"));
        Files.writeString(other.resolve("model.safetensors"), "others");
        assertThat(reference.find(moved, other.toString())).as("it is another").isEqualTo(temp.resolve("moved/models/tiny").toRealPath());
        assertThatThrownBy(() -> reference.at(moved, other)).isInstanceOf(UserError.class)
                .hasMessageContaining(other.resolve("model.safetensors") + " has 6 bytes, but had 7")
                .hasMessageContaining("weights.llm=PLACE");

        Files.move(temp.resolve("moved/models/tiny"), temp.resolve("elsewhere"));
        assertThat(reference.find(moved, temp.resolve("elsewhere").toString())).isEqualTo(temp.resolve("elsewhere"));
        assertThatThrownBy(() -> reference.find(moved, null)).isInstanceOf(UserError.class).hasMessageContaining(reference.place())
                .hasMessageContaining("Put it there again").hasMessageContaining("--set weights.llm=PLACE");
    }
}
