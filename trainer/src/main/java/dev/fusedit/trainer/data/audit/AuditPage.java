package dev.fusedit.trainer.data.audit;

import com.google.common.html.HtmlEscapers;
import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.Problem;
import dev.fusedit.trainer.data.source.SampleFacts;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/// A report as a page that needs nothing beside it.
public final class AuditPage {
    private static final int SHOWN = 60;
    private static final int GROUPS = 40;
    private static final int PROBLEMS = 1000;

    private final SourceReport report;

    private AuditPage(SourceReport report) { this.report = report; }

    public static String of(SourceReport report) { return new AuditPage(report).html(); }

    private String html() {
        var scan = report.scan();
        var groups = report.lookalikes().groups().stream().filter(group -> group.size() > 1).limit(GROUPS).toList();
        return """
                <!doctype html>
                <html lang="en"><meta charset="utf-8"><title>%s</title>
                <style>
                body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; color: #222 }
                figure { display: inline-block; width: 140px; margin: 0 10px 14px 0; vertical-align: top }
                figure img { width: 128px; height: 128px } figcaption { font-size: 12px; overflow-wrap: anywhere }
                table { border-collapse: collapse } td, th { text-align: left; padding: 2px 14px 2px 0; vertical-align: top }
                .group { border-left: 3px solid #ccc; padding-left: 10px; margin-bottom: 10px }
                </style>
                <h1>%s</h1>
                <p>%s</p>
                %s%s<h2>Samples</h2>
                %s
                </html>
                """.formatted(escaped(scan.source().place()), escaped(scan.source().place()),
                report.summaryLines().stream().map(AuditPage::line).collect(Collectors.joining("\n")), problems(scan.problems()),
                groups.isEmpty() ? ""
                        : "<h2>Images that look alike</h2>\n" + groups.stream().map(this::group).collect(Collectors.joining()),
                spread(scan.good()).stream().map(this::figure).collect(Collectors.joining()));
    }

    /// Tables keep their columns.
    private static String line(String text) { return text.contains("\n") ? "<pre>" + escaped(text) + "</pre>" : escaped(text) + "<br>"; }

    private static String problems(List<Problem> problems) {
        if (problems.isEmpty()) return "";
        var rows = problems.stream().limit(PROBLEMS).map(problem -> "<tr><td>%s<td>%s<td>%s\n".formatted(escaped(problem.sample()),
                problem.cause().word(), escaped(problem.detail()))).collect(Collectors.joining());
        var more = problems.size() > PROBLEMS ? "<p>… and %,d more\n".formatted(problems.size() - PROBLEMS) : "";
        return "<h2>What cannot be trained on</h2>\n<table><tr><th>sample<th>cause<th>detail\n" + rows + "</table>\n" + more;
    }

    private String group(List<SampleFacts> group) {
        return "<div class=\"group\">" + group.stream().limit(SHOWN).map(this::figure).collect(Collectors.joining()) + "</div>\n";
    }

    private static List<SampleFacts> spread(List<SampleFacts> all) {
        int step = Math.max(1, all.size() / SHOWN);
        return java.util.stream.IntStream.range(0, Math.min(SHOWN, all.size())).mapToObj(i -> all.get(i * step)).toList();
    }

    private String figure(SampleFacts facts) {
        var key = report.scan().source().key(facts.index());
        return "<figure><img alt=\"\" src=\"data:image/png;base64,%s\"><figcaption>%s<br><b>%s</b></figcaption></figure>\n"
                .formatted(image(facts.index()), escaped(facts.caption()), escaped(key));
    }

    /// Nothing for one that went bad meanwhile.
    private String image(int index) {
        try {
            return Base64.getEncoder().encodeToString(SampleSheet.small(report.scan().source(), index).png());
        } catch (BadSample _) {
            return "";
        }
    }

    private static String escaped(String text) { return HtmlEscapers.htmlEscaper().escape(text); }
}
