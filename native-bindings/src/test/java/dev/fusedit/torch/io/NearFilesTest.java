package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NearFilesTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void write() throws IOException {
        for (var run : new String[] {"quickstart", "minimal", ".quikstart"}) Files.createDirectories(folder.resolve("runs").resolve(run));
        for (var file : new String[] {"blocks.yaml", "photos.yaml", "00011.tar", "step-100.pt"})
            Files.writeString(folder.resolve(file), "x");
    }

    private String hint(String missing) { return NearFiles.hint(folder.resolve(missing)).replace(folder + "/", ""); }

    @Test
    void theNearOneBesideItIsTold() {
        assertThat(hint("runs/quikstart")).isEqualTo(". Did you mean runs/quickstart?");
        assertThat(hint("runs/quick")).as("a beginning").isEqualTo(". Did you mean runs/quickstart?");
        assertThat(hint("blok.yaml")).isEqualTo(". Did you mean blocks.yaml?");
    }

    /// Of several levels each may be misspelt.
    @Test
    void itsFolderMayBeTheOneThatIsMisspelt() {
        assertThat(hint("rusn/quickstart")).isEqualTo(". Did you mean runs/quickstart?");
        assertThat(hint("rusn/quikstart")).isEqualTo(". Did you mean runs/quickstart?");
    }

    @Test
    void whatIsFarIsNotGuessed() {
        assertThat(hint("nowhere")).isEmpty();
        assertThat(hint("nowhere/quickstart")).isEmpty();
        assertThat(hint("00012.tar")).as("another number").isEmpty();
        assertThat(hint("step-200.pt")).isEmpty();
        assertThat(hint("blocks.yaml/x")).as("in a file").isEmpty();
        assertThat(NearFiles.hint(Path.of("/"))).isEmpty();
        assertThat(NearFiles.hint(Path.of(""))).isEmpty();
    }

    @Test
    void messagesOfFilesTellIt() {
        var missing = folder.resolve("blok.yaml");
        var told = missing + ": no such file. Did you mean " + folder.resolve("blocks.yaml") + "?";
        assertThatThrownBy(() -> TextFile.read(missing, "a recipe")).isInstanceOf(UserError.class).hasMessage(told);
        assertThatThrownBy(() -> TensorFiles.open(missing)).isInstanceOf(UserError.class).hasMessage(told);
    }

    /// A name without a folder lies in the process's own.
    @Test
    void aBareNameIsLookedForHere() { assertThat(NearFiles.hint(Path.of("pmo.xml"))).isEqualTo(". Did you mean pom.xml?"); }
}
