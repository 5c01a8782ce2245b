package dev.fusedit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `docs/tutorial.md` from its first command to its last, in one folder: what each leaves is there for the next. Training stops after a few steps;
/// `serve`, which does not end by itself, is left to its own test.
@Tag("long")
class TutorialTest {
    private static final Path PAGE = Path.of("../docs/tutorial.md");

    @TempDir
    private Path folder;

    @Test
    void everyStepRunsOnWhatTheOnesBeforeLeft() throws IOException {
        draw("photos", 40);
        draw("held-out", 8);
        var done = new ArrayList<String>();
        for (var command : DocsTest.commands(PAGE)) {
            if (!command.block() || command.text().startsWith("./fusedit serve")) continue;
            run(here(DocumentedCommand.words(command.text())));
            done.add(command.text());
        }
        assertThat(done).hasSizeGreaterThan(14);
        assertThat(folder).isDirectoryContaining(file -> file.endsWith("compare.html"))
                .isDirectoryContaining(file -> file.endsWith("my-model"));
        assertThat(folder.resolve("runs/my/report.html")).exists();
        assertThat(folder.resolve("again.png")).exists();
    }

    private void draw(String name, int count) throws IOException {
        var photos = Files.createDirectories(folder.resolve(name));
        var random = new Random(name.hashCode());
        for (int i = 0; i < count; i++) {
            var image = new BufferedImage(80, 80, BufferedImage.TYPE_INT_RGB);
            for (int x = 0; x < 80; x++) {
                for (int y = 0; y < 80; y++) image.setRGB(x, y, random.nextInt(1 << 24));
            }
            var ground = image.createGraphics();
            ground.setColor(new Color(random.nextInt(1 << 24)));
            ground.fillRect(random.nextInt(40), random.nextInt(40), 40, 40);
            ground.dispose();
            ImageIO.write(image, "png", photos.resolve(i + ".png").toFile());
            Files.writeString(photos.resolve(i + ".txt"), "square number " + i);
        }
    }

    /// Names of files lie in the folder; what would take an hour, or has nothing to do here, is shortened.
    private List<String> here(List<String> words) {
        var here = new ArrayList<String>();
        for (var word : words) {
            boolean isFile = word.matches("photos|held-out|runs/.*|scores|images|my-model|[a-z-]+\\.(yaml|html|png)");
            if (word.equals("--minutes")) here.add("--max-steps");
            else if (!here.isEmpty() && here.getLast().equals("--max-steps")) here.add("3");
            else here.add(isFile ? folder.resolve(word).toString() : word);
        }
        if (words.getFirst().equals("plan")) here.add("--no-measure");
        if (words.getFirst().equals("eval")) here.addAll(List.of("--samples", "8"));
        if (words.size() > 1 && words.subList(0, 2).equals(List.of("data", "cache")))
            here.addAll(List.of("--set", "cache.folder=" + folder.resolve("caches")));
        return here;
    }

    private static void run(List<String> words) {
        var err = new StringWriter();
        assertThat(Main.run(words.toArray(String[]::new), new PrintWriter(new StringWriter(), true), new PrintWriter(err, true)))
                .as(() -> words + "\n" + err).isZero();
    }
}
