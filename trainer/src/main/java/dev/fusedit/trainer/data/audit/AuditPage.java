package dev.fusedit.trainer.data.audit;

import dev.fusedit.trainer.data.source.BadSample;
import dev.fusedit.trainer.data.source.Problem;
import dev.fusedit.trainer.data.source.SampleFacts;
import dev.fusedit.trainer.page.HtmlPage;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// A report as a page that needs nothing beside it.
public final class AuditPage {
    private static final int SHOWN = 60;
    private static final int GROUPS = 40;
    private static final int PROBLEMS = 1000;

    private final SourceReport report;
    private final HtmlPage page;

    private AuditPage(SourceReport report) {
        this.report = report;
        page = new HtmlPage(report.scan().source().place());
    }

    public static String of(SourceReport report) { return new AuditPage(report).html(); }

    private String html() {
        report.summaryLines().forEach(line -> { // tables keep their columns
            if (line.contains("\n")) page.text(line);
            else page.paragraph(line);
        });
        problems(report.scan().problems());
        var groups = report.lookalikes().groups().stream().filter(group -> group.size() > 1).limit(GROUPS).toList();
        if (!groups.isEmpty()) page.heading("Images that look alike");
        groups.forEach(group -> page.group(_ -> group.stream().limit(SHOWN).forEach(this::image)));
        page.heading("Samples");
        spread(report.scan().good()).forEach(this::image);
        return page.html();
    }

    private void problems(List<Problem> problems) {
        if (problems.isEmpty()) return;
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("sample", "cause", "detail"));
        problems.stream().limit(PROBLEMS).forEach(problem -> rows.add(List.of(problem.sample(), problem.cause().word(), problem.detail())));
        page.heading("What cannot be trained on").wordTable(rows);
        if (problems.size() > PROBLEMS) page.paragraph("… and %,d more".formatted(problems.size() - PROBLEMS));
    }

    private static List<SampleFacts> spread(List<SampleFacts> all) {
        int step = Math.max(1, all.size() / SHOWN);
        return IntStream.range(0, Math.min(SHOWN, all.size())).mapToObj(i -> all.get(i * step)).toList();
    }

    private void image(SampleFacts facts) {
        var key = report.scan().source().key(facts.index());
        try {
            page.image(SampleSheet.small(report.scan().source(), facts.index()), key, facts.caption());
        } catch (BadSample bad) { // it went bad meanwhile
            page.paragraph("%s cannot be shown: %s".formatted(key, bad.getMessage()));
        }
    }
}
