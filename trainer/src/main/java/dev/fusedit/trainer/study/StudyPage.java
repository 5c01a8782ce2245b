package dev.fusedit.trainer.study;

import dev.fusedit.trainer.compare.ComparedImages;
import dev.fusedit.trainer.log.Plot;
import dev.fusedit.trainer.page.HtmlPage;
import java.util.Collection;
import java.util.Optional;

/// A study as a page that needs nothing beside it.
final class StudyPage {
    private StudyPage() {}

    /// @param images of the arms at their first seed, in their order; none where the study is not at its end
    static String of(StudyResult result, Collection<Plot> plots, Optional<ComparedImages> images) {
        var file = result.study().file();
        var page = new HtmlPage("Study " + file.name());
        page.paragraph(file.question());
        page.paragraph("Endpoint: %s, %s is better, floor %s. Budget: %s. Reference: %s.".formatted(result.metric().label(),
                result.metric().better() == Metric.Better.LOWER ? "lower" : "higher", Figures.text(file.endpoint().least()),
                file.budget().text(),
                result.study().reference().name()));
        result.notes().forEach(page::paragraph);
        for (var table : StudyTables.all(result)) {
            page.heading(table.heading());
            if (!table.note().isEmpty()) page.paragraph(table.note());
            page.table(table.rows());
        }
        page.heading("Plots");
        page.plots(plots);
        images.ifPresent(drawn -> images(page, result, drawn));
        return page.html();
    }

    private static void images(HtmlPage page, StudyResult result, ComparedImages drawn) {
        page.heading("The same prompts and noise");
        for (int arm = 0; arm < result.arms().size(); arm++) drawn.show(page, arm, result.arms().get(arm).name());
    }
}
