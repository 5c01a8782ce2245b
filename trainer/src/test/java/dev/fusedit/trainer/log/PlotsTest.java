package dev.fusedit.trainer.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.trainer.data.blocks.Blocks;
import dev.fusedit.trainer.data.blocks.Split;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PlotsTest {
    @Test
    void pngReadsBackAsTheSamePixels() throws IOException {
        byte[] rgb = new byte[3 * 7 * 5];
        new Random(1).nextBytes(rgb);
        var image = ImageIO.read(new ByteArrayInputStream(new PngImage(7, 5, rgb).png()));
        assertThat(image.getWidth()).isEqualTo(7);
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 7; x++) {
                int i = 3 * (7 * y + x);
                assertThat(image.getRGB(x, y) & 0xffffff).isEqualTo((rgb[i] & 255) << 16 | (rgb[i + 1] & 255) << 8 | rgb[i + 2] & 255);
            }
    }

    @Test
    void enlargedPixelsAreSquares() {
        byte[] rgb = {1, 2, 3, 4, 5, 6};
        assertThat(new PngImage(2, 1, rgb).enlarged(2).rgb())
                .containsExactly(1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6);
        assertThatIllegalArgumentException().isThrownBy(() -> new PngImage(2, 2, rgb)).withMessageContaining("12 bytes, not 6");
    }

    @Test
    void everyAsciiLetterIsDrawnAndDiffers() {
        var seen = new HashSet<String>();
        for (char letter = '!'; letter <= '~'; letter++) {
            assertThat(seen.add(Arrays.deepToString(Alphabet.glyph(letter)))).as("letter " + letter).isTrue();
            int width = Alphabet.glyph(letter)[0].length;
            for (boolean[] row : Alphabet.glyph(letter)) assertThat(row).as("letter " + letter).hasSize(width);
        }
        assertThat(Alphabet.glyph('é')).isEqualTo(Alphabet.glyph('?'));
    }

    @Test
    void captionsWrapBetweenWords() {
        assertThat(Alphabet.wrap("a red circle above a blue square", 60))
                .allSatisfy(line -> assertThat(Alphabet.width(line)).isLessThanOrEqualTo(60))
                .hasSizeGreaterThan(2);
        assertThat(String.join(" ", Alphabet.wrap("a red circle above a blue square", 60))).isEqualTo("a red circle above a blue square");
        assertThat(String.join("", Alphabet.wrap("incomprehensibilities", 30))).isEqualTo("incomprehensibilities");
        assertThat(Alphabet.wrap("  ", 30)).isEmpty();
        assertThat(Alphabet.wrap("x", 1)).containsExactly("x");
    }

    @Test
    void gridHoldsEveryImageWhole() throws IOException {
        var grid = ImageGrid.forImagesOf(32, 6);
        for (int i = 0; i < 24; i++) {
            var sample = Blocks.sample(3, i, Split.TRAIN);
            grid.add(new PngImage(32, 32, sample.rgb()), sample.caption().text());
        }
        var made = grid.image();
        assertThat(made.width()).isEqualTo(10 + 6 * (128 + 10));
        byte[] first = new PngImage(32, 32, Blocks.sample(3, 0, Split.TRAIN).rgb()).enlarged(4).rgb();
        byte[] row = new byte[128 * 3];
        System.arraycopy(made.rgb(), 3 * (10 * made.width() + 10), row, 0, row.length);
        assertThat(row).isEqualTo(Arrays.copyOf(first, row.length));
        keep("grid.png", made);
    }

    /// Outside of the images, which stay whole; told by more than colour.
    @Test
    void marksFrameTheImagesAndALegendTellsThem() throws IOException {
        byte[] rgb = new PngImage(32, 32, Blocks.sample(3, 0, Split.TRAIN).rgb()).enlarged(4).rgb();
        var grids = new PngImage[3];
        for (int i = 0; i < grids.length; i++) {
            var mark = ImageGrid.Mark.values()[i];
            grids[i] = ImageGrid.forImagesOf(32, 2).add(new PngImage(32, 32, Blocks.sample(3, 0, Split.TRAIN).rgb()), "a", mark)
                    .add(new PngImage(32, 32, Blocks.sample(3, 1, Split.TRAIN).rgb()), "b").image();
            byte[] row = new byte[128 * 3];
            System.arraycopy(grids[i].rgb(), 3 * (10 * grids[i].width() + 10), row, 0, row.length);
            assertThat(row).as(mark.name()).isEqualTo(Arrays.copyOf(rgb, row.length));
        }
        assertThat(grids[1].height()).as("a legend").isEqualTo(grids[2].height()).isGreaterThan(grids[0].height());
        int green = 0x2e9e48, red = 0xc8373a;
        assertThat(pixelsOf(grids[1], green)).as("a frame of 3 around 128 x 128, and one around 16 x 16")
                .isEqualTo((134 * 134 - 128 * 128) + (22 * 22 - 16 * 16));
        assertThat(pixelsOf(grids[2], red) - pixelsOf(grids[1], red)).as("broken").isBetween(500L, 1000L);
        assertThat(pixelsOf(grids[0], green) + pixelsOf(grids[0], red)).isZero();
        keep("grid-marked.png", grids[2]);
    }

    /// A constant is itself from the first point on; a falling line's average ends near its end, however few its points.
    @Test
    void theMovingAverageIsUnbiasedAndNotFarBehind() {
        double[] flat = new double[30];
        Arrays.fill(flat, 0.7);
        assertThat(LinePlot.smoothed(flat, 0.9)).containsOnly(new double[] {0.7}, within(1e-12));
        var two = LinePlot.smoothed(new double[] {1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0.5);
        assertThat(two[1]).as("Adam's: (0.5 · 0.5 · 1 + 0.5 · 3) / (1 - 0.25)").isCloseTo(1.75 / 0.75, within(1e-12));
        for (int points : new int[] {1, 5, 20, 100, 1000}) {
            var falling = IntStream.range(0, points).mapToDouble(i -> 1 - (double) i / points).toArray();
            assertThat(LinePlot.smoothed(falling, 0.9)[points - 1] - falling[points - 1]).as("%d points", points).isBetween(0.0, 0.1);
        }
    }

    @Test
    void bothAxesAreNamed() {
        var series = List.of(new LinePlot.Series("s", new double[] {1, 2}, new double[] {1, 2}));
        var bare = new LinePlot("T", "", "", series, false, 0).image();
        for (var named : List.of(new LinePlot("T", "step", "", series, false, 0).image(),
                new LinePlot("T", "", "loss", series, false, 0).image()))
            assertThat(pixelsOf(named, 0x333333)).isGreaterThan(pixelsOf(bare, 0x333333) + 20);
    }

    @Test
    void plotShowsEverySeriesInItsColour() throws IOException {
        var random = new Random(1);
        double[] x = new double[400];
        double[] first = new double[400];
        double[] second = new double[400];
        for (int i = 0; i < 400; i++) {
            x[i] = i * 3;
            first[i] = 3 * Math.exp(-i / 90.0) + 0.1 + 0.1 * random.nextDouble();
            second[i] = i < 200 ? Double.NaN : 0.5 * Math.exp(-i / 300.0) + 0.05 * random.nextGaussian() * 0.3;
        }
        var series = List.of(new LinePlot.Series("text: language", x, first), new LinePlot.Series("fuse: flow", x, second));
        for (boolean log : new boolean[] {false, true}) {
            var made = new LinePlot("Loss of quickstart", "step", "y", series, log, 0.9).image();
            assertThat(pixelsOf(made, 0x1f6fb4)).isGreaterThan(200);
            assertThat(pixelsOf(made, 0xe07b1a)).isGreaterThan(100);
            keep(log ? "plot-log.png" : "plot.png", made);
        }
    }

    @Test
    void plotsOfNextToNothingAreDrawn() throws IOException {
        keep("plot-empty.png", new LinePlot("Nothing", "step", "y", List.of(), true, 0.9).image());
        var single = new LinePlot.Series("one", new double[] {5}, new double[] {2});
        assertThat(pixelsOf(new LinePlot("One", "step", "y", List.of(single), false, 0).image(), 0x1f6fb4)).isGreaterThan(10);
        var flat = new LinePlot.Series("flat", new double[] {0, 1}, new double[] {0, 0});
        new LinePlot("Flat", "step", "y", List.of(flat), true, 0).image();
        var nan = new LinePlot.Series("nan", new double[] {0, 1}, new double[] {Double.NaN, Double.POSITIVE_INFINITY});
        new LinePlot("NaN", "step", "y", List.of(nan), false, 0).image();
    }

    /// A power is a straight line on logarithmic axes: the middle of the line is where the middle point (geometric means) is.
    @Test
    void powersAreStraightLinesWithMarks() throws IOException {
        double[] x = {1, 32, 1024, 0};
        double[] y = {0.5, 4, 32, 7};
        var dots = new LinePlot.Series("dots", x, y, LinePlot.Mark.DOTS);
        var rings = new LinePlot.Series("rings", new double[] {1, 1024}, new double[] {32, 0.5}, LinePlot.Mark.RINGS);
        var made = LinePlot.powers("Powers", "x", "y", List.of(dots, rings)).image();
        keep("plot-powers.png", made);
        var horizontal = Axis.of(1, 1024, true, 0, 1000);
        assertThat(horizontal.pixel(32)).isCloseTo(500, within(1e-6));
        assertThat(pixelsOf(made, 0x1f6fb4)).as("a line with dots, in the legend too")
                .isGreaterThan(
                        pixelsOf(LinePlot.powers("Powers", "x", "y", List.of(new LinePlot.Series("dots", x, y), rings)).image(), 0x1f6fb4)
                                + 100);
        int middle = 3 * ((48 + 468) / 2 * 900 + (76 + 876) / 2);
        assertThat(made.rgb()[middle + 2] & 255).as("the ring's line over the dot in the middle").isEqualTo(0x1a);
    }

    @Test
    void axisTicksAreRound() {
        assertThat(Axis.of(0, 1190, false, 0, 100).ticks()).containsExactly(0.0, 200.0, 400.0, 600.0, 800.0, 1000.0, 1200.0);
        assertThat(List.of(0.5, 1500.0, 0.0, 2e6, 1e-4, 100.0)).extracting(Axis::label).containsExactly("0.5", "1500", "0", "2e+06",
                "1e-04", "100");
        assertThat(Axis.of(0.01, 2, true, 0, 100).ticks()).contains(0.01, 0.1, 1.0, 2.0);
    }

    /// In a process of its own: the class loader tells what was touched.
    @Test
    void noFontIsEverTouched() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var process = new ProcessBuilder(java, "-Djava.awt.headless=true", "-Xlog:class+load:stdout", "-cp",
                System.getProperty("java.class.path"),
                DrawEverything.class.getName()).redirectErrorStream(true).start();
        String log = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(log).isZero();
        assertThat(log).contains("dev.fusedit.trainer.log.Alphabet").contains("javax.imageio.ImageIO");
        assertThat(log.lines().filter(line -> line.matches(".*(sun\\.font\\.|java\\.awt\\.Font).*")))
                .isEmpty();
    }

    /// Draws a grid and a plot.
    static final class DrawEverything {
        public static void main(String[] args) {
            var grid = new ImageGrid(2, 1).add(new PngImage(1, 1, new byte[3]), "a b").image().png();
            var plot = new LinePlot("t", "x", "y", List.of(new LinePlot.Series("s", new double[] {1, 2}, new double[] {1, 2})), false, 0)
                    .image().png();
            System.out.println(grid.length + plot.length);
        }
    }

    private static long pixelsOf(PngImage made, int color) {
        long count = 0;
        for (int i = 0; i < made.rgb().length; i += 3)
            if (((made.rgb()[i] & 255) << 16 | (made.rgb()[i + 1] & 255) << 8 | made.rgb()[i + 2] & 255) == color) count++;
        return count;
    }

    /// For a look at it.
    private static void keep(String name, PngImage made) throws IOException {
        Files.write(Files.createDirectories(new File("target/pictures").toPath()).resolve(name), made.png());
    }
}
