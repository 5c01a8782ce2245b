package dev.fusedit.trainer.eval.suite;

import dev.fusedit.trainer.page.HtmlPage;
import dev.fusedit.trainer.sampling.WantedImage;
import java.util.function.Function;
import java.util.stream.IntStream;

/// A report as a page: tables, curves, and images beside their verdicts. Images are named, not copied: the page stays beside them.
final class EvaluationPage {
    /// Of a suite; more are left out evenly.
    private static final int MOST_IMAGES = 480;

    private EvaluationPage() {}

    /// @param place of an image's file, as a page names it
    static String of(EvaluationReport report, Function<WantedImage, String> place) {
        var page = new HtmlPage("Evaluation");
        report.sampled().ifPresent(sampled -> page.paragraph(sampled.text()));
        for (var suite : report.suites()) {
            page.heading(suite.name().key());
            suite.tables().forEach(page::table);
            suite.notes().forEach(page::paragraph);
            page.charts(suite.plots());
            int count = suite.shown().size(), shown = Math.min(count, MOST_IMAGES);
            if (shown < count) page.paragraph("%d of %d images".formatted(shown, count));
            IntStream.range(0, shown).mapToObj(i -> suite.shown().get((int) ((long) i * count / shown)))
                    .forEach(image -> page.imageFile(place.apply(image.image()), (image.image().prompt() + " " + image.verdict()).strip()));
        }
        return page.html();
    }
}
