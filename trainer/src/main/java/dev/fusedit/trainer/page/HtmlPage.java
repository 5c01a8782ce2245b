package dev.fusedit.trainer.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.common.html.HtmlEscapers;
import dev.fusedit.trainer.log.DotPlot;
import dev.fusedit.trainer.log.LinePlot;
import dev.fusedit.trainer.log.Plot;
import dev.fusedit.trainer.log.PngImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// A page in one file: tables, charts and images. It loads nothing, and a browser lets nothing but its own script run in it
/// (`Content-Security-Policy`); every text in it is escaped. Light or dark as its reader's system is. Charts are uPlot's.
///
/// Not for several threads.
public final class HtmlPage {
    private static final String WEBJAR = "/META-INF/resources/webjars/uplot/1.6.30/";
    /// uPlot's two files have no more of its licence in them than an address; it goes with every copy.
    private static final String STYLE =
            resource("page.css") + "\n/*! uPlot\n\n" + resource(WEBJAR + "LICENSE") + "\n*/\n" + resource(WEBJAR + "dist/uPlot.min.css");
    private static final String CHARTS = resource(WEBJAR + "dist/uPlot.iife.min.js");
    private static final String SCRIPT = resource("page.js");
    private static final String ALLOWED = "default-src 'none'; style-src 'unsafe-inline'; script-src '%s' '%s'; img-src data:%s".formatted(
            hash(CHARTS), hash(SCRIPT), "%s");

    private static final int ASCII = 128;

    private final StringBuilder body = new StringBuilder();
    private final List<Chart> charts = new ArrayList<>();
    private final String title;
    private boolean scripted;
    private boolean hasFilesBeside;

    public HtmlPage(String title) {
        this.title = title;
        add("<h1>" + escaped(title) + "</h1>\n");
    }

    public HtmlPage heading(String text) { return add("<h2>" + escaped(text) + "</h2>\n"); }

    public HtmlPage paragraph(String text) { return add("<p>" + escaped(text) + "</p>\n"); }

    /// Lines as they are, in letters of one width.
    public HtmlPage text(String lines) { return add("<pre tabindex=\"0\">" + escaped(lines) + "</pre>\n"); }

    /// How far something is.
    public HtmlPage progress(long done, long all) {
        return add("<progress max=\"%d\" value=\"%d\" aria-label=\"steps done\"></progress>\n".formatted(Math.max(1, all), done));
    }

    /// Asks the reader's browser to read the file again now and then, as long as it stands at the page's end.
    public HtmlPage goesOn() {
        scripted = true;
        return add("<p class=\"goes-on\" hidden><label><input type=\"checkbox\" checked> read again every 30 s</label></p>\n");
    }

    /// Of numbers, behind a name each.
    ///
    /// @param rows the first one is the heads
    public HtmlPage table(List<List<String>> rows) { return table("<table>", rows); }

    /// The same of words.
    public HtmlPage wordTable(List<List<String>> rows) { return table("<table class=\"words\">", rows); }

    private HtmlPage table(String begins, List<List<String>> rows) {
        add("<div class=\"scroll\" tabindex=\"0\">" + begins + "\n<thead>" + row(rows.getFirst(), "<th scope=\"col\">")
                + "</thead>\n<tbody>\n");
        rows.stream().skip(1).forEach(cells -> add(row(cells, "<td>")));
        return add("</tbody></table></div>\n");
    }

    private static String row(List<String> cells, String tag) {
        return cells.stream().map(cell -> tag + escaped(cell)).collect(Collectors.joining("", "<tr>", "\n"));
    }

    /// What is shown when it is asked for.
    public HtmlPage folded(String summary, Consumer<HtmlPage> inside) {
        add("<details><summary>" + escaped(summary) + "</summary>\n");
        inside.accept(this);
        return add("</details>\n");
    }

    /// What belongs together, marked at its side.
    public HtmlPage group(Consumer<HtmlPage> inside) {
        add("<div class=\"group\">");
        inside.accept(this);
        return add("</div>\n");
    }

    // ---- charts

    /// Side by side where there is room.
    public HtmlPage charts(List<LinePlot> plots) {
        if (plots.isEmpty()) return this;
        add("<div class=\"charts\">\n");
        plots.forEach(this::chart);
        return add("</div>\n");
    }

    private HtmlPage chart(LinePlot plot) {
        var chart = new Chart(plot);
        charts.add(chart);
        scripted = true;
        add("<figure class=\"chart\"><figcaption>%s</figcaption><div role=\"img\" aria-label=\"%s\" data-chart=\"%d\"></div>\n"
                .formatted(escaped(plot.title()), escaped(chart.words()), charts.size() - 1));
        return folded("in numbers", page -> page.table(chart.rows())).add("</figure>\n");
    }

    /// Charts and pictures, in turn.
    public HtmlPage plots(Collection<? extends Plot> plots) {
        for (var plot : plots) {
            switch (plot) {
                case LinePlot lines -> charts(List.of(lines));
                case DotPlot dots -> add("<img class=\"plot\" alt=\"%s\" src=\"%s\">\n".formatted(escaped(dots.title()),
                        PageImage.exact(dots.image(), dots.title(), Optional.empty()).address()));
            }
        }
        return this;
    }

    // ---- images

    /// Of 128 pixels width, beside those before it.
    public HtmlPage image(PngImage image, String caption) { return image(image, "", caption); }

    /// @param name that stands before the caption; empty for none
    public HtmlPage image(PngImage image, String name, String caption) {
        return figure(PageImage.exact(image, caption, Optional.empty()), name);
    }

    /// With its verdict.
    public HtmlPage image(PageImage image) { return figure(image, PageImage.verdict(image.right())); }

    private HtmlPage figure(PageImage image, String bold) {
        return add("<figure><img alt=\"%s\" src=\"%s\"><figcaption>%s%s</figcaption></figure>\n".formatted(escaped(image.caption()),
                image.address(), bold.isEmpty() ? "" : "<b>" + escaped(bold) + "</b><br>", escaped(image.caption())));
    }

    /// The same of a file that stays beside the page.
    ///
    /// @param place relative to the page
    public HtmlPage imageFile(String place, String caption) {
        hasFilesBeside = true;
        return add("<figure><img alt=\"%s\" loading=\"lazy\" src=\"%s\"><figcaption>%s</figcaption></figure>\n".formatted(escaped(caption),
                escaped(place), escaped(caption)));
    }

    /// Images that came one after the other, to be scrubbed by mouse and keys; once in a page. Without the script the last ones are seen.
    public HtmlPage filmstrip(Filmstrip strip) {
        scripted = true;
        var frames = JsonNodeFactory.instance.arrayNode();
        for (var frame : strip.frames()) {
            var object = frames.addObject().put("step", frame.step());
            var images = object.putArray("images");
            for (var image : frame.images()) images.addObject().put("src", image.address()).put("caption", image.caption())
                    .put("verdict", PageImage.verdict(image.right()));
        }
        var last = strip.frames().getLast();
        add("<section class=\"film\" aria-label=\"Previews through time\">\n<div class=\"now\">");
        last.images().forEach(this::image);
        int count = strip.frames().size();
        add("</div>\n<p><label for=\"film\">Step</label> <output for=\"film\">%d</output> ".formatted(last.step()));
        add("<input type=\"range\" id=\"film\" min=\"0\" max=\"%d\" value=\"%d\" aria-valuetext=\"step %d\"></p>\n".formatted(count - 1,
                count - 1, last.step()));
        return add("<div class=\"strip\" aria-hidden=\"true\"></div>\n").data(frames).add("</section>\n");
    }

    // ---- the whole

    /// The page so far.
    public String html() {
        var html = new StringBuilder("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.append("<meta http-equiv=\"Content-Security-Policy\" content=\"")
                .append(ALLOWED.formatted(hasFilesBeside ? " 'self' file:" : ""))
                .append("\">\n");
        html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.append("<meta name=\"color-scheme\" content=\"light dark\">\n<title>").append(escaped(title)).append("</title>\n<style>\n")
                .append(STYLE).append("</style>\n</head>\n<body>\n<main>\n").append(body).append("</main>\n");
        if (scripted) {
            if (!charts.isEmpty()) {
                var all = JsonNodeFactory.instance.arrayNode();
                charts.forEach(chart -> all.add(chart.json()));
                html.append("<script type=\"application/json\" id=\"charts\">").append(inScript(all)).append("</script>\n");
                html.append("<script>").append(CHARTS).append("</script>\n");
            }
            html.append("<script>").append(SCRIPT).append("</script>\n");
        }
        return html.append("</body>\n</html>\n").toString();
    }

    private HtmlPage data(JsonNode json) { return add("<script type=\"application/json\">" + inScript(json) + "</script>\n"); }

    /// No text in it ends the element that it stands in.
    private static String inScript(JsonNode json) {
        var text = new StringBuilder();
        json.toString().chars().forEach(unit -> {
            if (unit < ASCII && unit != '<') text.append((char) unit);
            else text.append(String.format(Locale.ROOT, "\\u%04x", unit));
        });
        return text.toString();
    }

    private HtmlPage add(String html) {
        body.append(html);
        return this;
    }

    /// In ASCII alone: a text with any other letter takes twice the memory, and a page is large.
    private static String escaped(String text) {
        var escaped = HtmlEscapers.htmlEscaper().escape(text);
        if (escaped.chars().allMatch(unit -> unit < ASCII)) return escaped;
        var ascii = new StringBuilder();
        escaped.codePoints().forEach(point -> {
            if (point < ASCII) ascii.append((char) point);
            else ascii.append("&#").append(point).append(';');
        });
        return ascii.toString();
    }

    private static String resource(String name) {
        try (var in = HtmlPage.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(String script) {
        try {
            var sum = MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(sum);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
