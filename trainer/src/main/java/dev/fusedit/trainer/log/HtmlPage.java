package dev.fusedit.trainer.log;

import com.google.common.html.HtmlEscapers;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/// A page that needs nothing beside it: tables, plots and images in one file.
public final class HtmlPage {
    private static final String STYLE = """
            body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 76em; padding: 0 1em; color: #222 }
            table { border-collapse: collapse; margin-bottom: 1.5em } td, th { text-align: right; padding: 3px 0 3px 18px; vertical-align: top }
            td:first-child, th:first-child { text-align: left; padding-left: 0 } tr { border-bottom: 1px solid #e4e4e4 }
            figure { display: inline-block; margin: 0 10px 14px 0; vertical-align: top; max-width: 140px }
            figure img { width: 128px; image-rendering: pixelated } figcaption { font-size: 12px; overflow-wrap: anywhere }
            img.plot { max-width: 100%; display: block; margin-bottom: 1em } code { overflow-wrap: anywhere }
            """;

    private final StringBuilder body = new StringBuilder();
    private final String title;

    public HtmlPage(String title) {
        this.title = title;
        body.append("<h1>").append(escaped(title)).append("</h1>\n");
    }

    public HtmlPage heading(String text) { return add("<h2>" + escaped(text) + "</h2>\n"); }

    public HtmlPage paragraph(String text) { return add("<p>" + escaped(text) + "</p>\n"); }

    /// @param rows the first one is the heads
    public HtmlPage table(List<List<String>> rows) {
        add("<table>\n");
        for (int i = 0; i < rows.size(); i++) {
            String tag = i == 0 ? "th" : "td";
            add("<tr>" + rows.get(i).stream().map(cell -> "<" + tag + ">" + escaped(cell)).collect(Collectors.joining()) + "\n");
        }
        return add("</table>\n");
    }

    public HtmlPage plot(LinePlot plot) { return plot(plot.title(), plot.image()); }

    /// @param title for those who do not see it
    public HtmlPage plot(String title, PngImage plot) {
        return add("<img class=\"plot\" alt=\"%s\" src=\"%s\">\n".formatted(escaped(title), data(plot)));
    }

    /// Of 128 pixels width, beside those before it.
    public HtmlPage image(PngImage image, String caption) {
        return add("<figure><img alt=\"\" src=\"%s\"><figcaption>%s</figcaption></figure>\n".formatted(data(image), escaped(caption)));
    }

    /// The same of a file that stays beside the page.
    ///
    /// @param place relative to the page
    public HtmlPage imageFile(String place, String caption) {
        return add("<figure><img alt=\"\" loading=\"lazy\" src=\"%s\"><figcaption>%s</figcaption></figure>\n".formatted(escaped(place),
                escaped(caption)));
    }

    public String html() {
        return "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>" + escaped(title) + "</title>\n<style>\n" + STYLE
                + "</style>\n" + body + "</html>\n";
    }

    private static String data(PngImage image) { return "data:image/png;base64," + Base64.getEncoder().encodeToString(image.png()); }

    private HtmlPage add(String html) {
        body.append(html);
        return this;
    }

    private static String escaped(String text) { return HtmlEscapers.htmlEscaper().escape(text); }
}
