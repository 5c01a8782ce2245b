package dev.fusedit.trainer.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fusedit.trainer.log.DotPlot;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

public class HtmlPageTest {
    static final String HOSTILE = "</script><script>document.title='broken'</script>\"><img src=x onerror=\"document.title='broken'\">'&";
    private static final Pattern LOADED =
            Pattern.compile("(?i)(src|href|action|poster|data)\\s*=\\s*[\"'](?!data:image|#)|url\\((?!data:)|@import");

    /// Nothing outside of the page is loaded by it.
    public static void requireAlone(String page) {
        assertThat(LOADED.matcher(page).results().map(found -> page.substring(found.start(), Math.min(page.length(), found.end() + 40))))
                .isEmpty();
        assertThat(page).contains("default-src 'none'");
    }

    private static LinePlot plot(String title, int points) {
        var x = IntStream.range(0, points).asDoubleStream().toArray();
        var y = IntStream.range(0, points).mapToDouble(i -> i % 100 == 7 ? Double.NaN : 1 + i % 10).toArray();
        return new LinePlot(title, title, title, List.of(new LinePlot.Series(title, x, y)), true, 0.9);
    }

    static HtmlPage hostile() {
        var image = new PngImage(2, 2, new byte[12]);
        var shown = PageImage.exact(image, HOSTILE, Optional.of(false));
        return new HtmlPage(HOSTILE).heading(HOSTILE).paragraph(HOSTILE).text(HOSTILE).table(List.of(List.of(HOSTILE), List.of(HOSTILE)))
                .wordTable(List.of(List.of(HOSTILE), List.of(HOSTILE))).charts(List.of(plot(HOSTILE, 5)))
                .plots(List.of(new DotPlot(HOSTILE, HOSTILE, List.of(new DotPlot.Row(HOSTILE, new double[] {1}, 1, 0, 2)))))
                .image(image, HOSTILE).image(image, HOSTILE, HOSTILE).image(shown).folded(HOSTILE, page -> page.paragraph(HOSTILE))
                .filmstrip(Filmstrip.of(List.of(new Filmstrip.Frame(1, com.google.common.collect.ImmutableList.of(shown)))));
    }

    @Test
    void noTextBecomesMarkup() {
        var page = hostile().html();
        assertThat(page).doesNotContain("<script>document", "<img src=x", "onerror=\"");
        assertThat(page.split("</script>", -1)).as("two of data, uPlot, the page's own").hasSize(5);
        requireAlone(page);
    }

    @Test
    void uPlotsLicenceGoesWithIt() {
        var page = hostile().html();
        assertThat(page).containsOnlyOnce("/*! https://github.com/leeoniya/uPlot (v1.6.30) */")
                .containsOnlyOnce("Copyright (c) 2022 Leon Sorokin").contains("The above copyright notice and this permission notice");
    }

    /// A browser runs what has these sums, and nothing else.
    @Test
    void scriptsAreNamedByTheirSums() throws Exception {
        var page = hostile().html();
        var scripts =
                Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL).matcher(page).results().map(found -> found.group(1)).toList();
        assertThat(scripts).hasSize(2);
        for (var script : scripts) {
            var sum = java.security.MessageDigest.getInstance("SHA-256").digest(script.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertThat(page).contains("'sha256-" + java.util.Base64.getEncoder().encodeToString(sum) + "'");
        }
    }

    @Test
    void aPageWithoutChartsHasNoScript() {
        assertThat(new HtmlPage("a").paragraph("b").html()).doesNotContain("<script");
        assertThat(new HtmlPage("a").imageFile("x/y.png", "c").html()).contains("img-src data: 'self' file:", "src=\"x/y.png\"");
    }

    @Test
    void aChartIsToldInWordsAndNumbersToo() throws IOException {
        var page = new HtmlPage("p").charts(List.of(plot("flow", 5))).html();
        assertThat(page).contains("aria-label=\"flow: flow against flow. flow: 5 points, from 1 to 5\"",
                "<td>flow<td>5<td>1<td>5<td>1<td>5");
        var json = charts(page).get(0);
        assertThat(json.at("/y/log").asBoolean()).isTrue();
        assertThat(json.at("/series/0/x")).hasSize(5);
        assertThat(json.at("/series/0/smooth")).hasSize(5);
    }

    /// What is left out of a long curve is within the band that stands for it.
    @Test
    void aLongCurveIsThinnedAndKeepsItsReach() throws IOException {
        var series = charts(new HtmlPage("p").charts(List.of(plot("long", 100_000))).html()).get(0).at("/series/0");
        assertThat(series.path("y").size()).isBetween(Thinned.MOST / 2, Thinned.MOST);
        for (int i = 0; i < series.path("y").size() - 1; i++) {
            assertThat(series.path("low").get(i).asDouble()).isEqualTo(1);
            assertThat(series.path("high").get(i).asDouble()).isEqualTo(10);
            assertThat(series.path("y").get(i).asDouble()).isBetween(5.0, 6.0);
        }
        assertThat(series.path("x").get(0).asDouble()).isCloseTo(64, org.assertj.core.data.Offset.offset(1.0));
    }

    @Test
    void thinningIsExactUntilItHasToBe() {
        var thinned = new Thinned();
        for (int i = 0; i < Thinned.MOST; i++) thinned.add(i, 2 * i);
        assertThat(thinned.series("s", LinePlot.Mark.NONE).y()).hasSize(Thinned.MOST).endsWith(2 * (Thinned.MOST - 1));
        assertThat(thinned.series("s", LinePlot.Mark.NONE).low()).isEmpty();
        thinned.add(Thinned.MOST, 0);
        var series = thinned.series("s", LinePlot.Mark.NONE);
        assertThat(series.y()).hasSize(Thinned.MOST / 2 + 1).startsWith(1, 5, 9);
        assertThat(series.low()).startsWith(0, 4);
        assertThat(series.high()).startsWith(2, 6).endsWith(0);
    }

    private static JsonNode charts(String page) throws IOException {
        var found = Pattern.compile("id=\"charts\">(.*?)</script>", Pattern.DOTALL).matcher(page);
        assertThat(found.find()).isTrue();
        return new ObjectMapper().readTree(found.group(1));
    }
}
