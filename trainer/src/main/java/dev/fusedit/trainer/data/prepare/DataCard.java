package dev.fusedit.trainer.data.prepare;

import dev.fusedit.torch.io.WholeFile;
import dev.fusedit.torch.io.WriteFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// `README.md` of a prepared set: what is in it, by which rules, and how something is taken out of it, in the form of the Hugging Face hub's
/// dataset cards.
final class DataCard {
    private static final List<String> SIZES = List.of("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B");

    private DataCard() {}

    /// Counts what the ledger has.
    static void write(Path out) {
        var plan = Plan.read(out);
        var tally = Tally.none();
        for (int shard = 0; shard < plan.shards(); shard++) tally = tally.plus(new ShardFiles(out, plan.shardName(shard)).tally());
        var file = out.resolve("README.md");
        try {
            WholeFile.write(file, String.join("\n", lines(plan, tally)) + "\n");
        } catch (IOException e) {
            throw WriteFailure.of(file, e);
        }
    }

    private static List<String> lines(Plan plan, Tally tally) {
        var set = plan.set();
        var lines = new ArrayList<String>();
        lines.addAll(List.of("---", "license: other", "task_categories:", "- text-to-image", "size_categories:",
                "- " + SIZES.get(Math.clamp((long) Math.log10(Math.max(1, tally.ok())) - 2, 0, SIZES.size() - 1)), "---", "",
                "# Images of " + set.title(), ""));
        lines.add(text("%,d images with texts out of %,d rows of the metadata of %s, in %,d shards of %,d rows each.", tally.ok(),
                tally.rows(), set.title(), plan.shards(), plan.rowsPerShard()));
        boolean fetched = !plan.json().has("archives");
        lines.addAll(List.of("", set.licence()
                + (fetched ? " Their owners did not say that they may be used; look at what applies where you are." : ""), "",
                "## What is here", "",
                "Shards as img2dataset writes them for WebDataset: `NNNNN.tar` with `KEY.jpg`, `KEY.txt` and `KEY.json` for each image,",
                "`NNNNN.parquet` with a row for every row of the metadata and what became of it (`status`, `cause`, `error_message`),",
                set.phash().isPresent()
                        ? """
                                `NNNNN_stats.json` with counts. `plan.json` holds all settings, `duplicates.parquet` the numbers of rows whose perceptual
                                hash is an earlier one's. A shard without images has no tar file."""
                        : "`NNNNN_stats.json` with counts. `plan.json` holds all settings, `rows.parquet` the rows. A shard without images has no tar file."));
        if (!set.otherCaptions().isEmpty())
            lines.add("Further texts: " + String.join(", ", set.otherCaptions().stream().map("`KEY.%s.txt`"::formatted).toList()) + ".");
        lines.addAll(List.of("", "## How rows were chosen", "", "| rule | value | where its default comes from |", "|---|---|---|"));
        for (var threshold : set.thresholds()) {
            lines.add("| `%s` | %s | %s |".formatted(threshold.name(), plan.json().path("rules").path(threshold.name()).asText(),
                    threshold.source()));
        }
        var language = plan.json().path("language").asText();
        lines.addAll(List.of("",
                "Language of the texts: " + (language.isEmpty() ? "not checked" : language) + ". Images have a short side of at most "
                        + plan.json().path("image_size").asText() + " pixels (0: as they were) and are JPEGs of quality "
                        + plan.json().path("quality").asText()
                        + ", without the originals' metadata.",
                fetched
                        ? "Files were fetched as `robots.txt`, `X-Robots-Tag` (noai, noimageai, noindex, noimageindex, none) and `tdm-reservation` allow."
                        : "Files are those of the archives that `plan.json` names.",
                "", "## What became of the rows", "", "| | rows |", "|---|---:|", text("| ok | %,d |", tally.ok())));
        tally.causes().forEach((cause, count) -> lines.add(text("| %s | %,d |", cause, count)));
        lines.addAll(List.of("", "## Taking something out", "",
                "`fusedit data forget FOLDER --url URL`, or `--hash` with the SHA-256 of a file or a perceptual hash, takes samples out of the",
                "shards and tables, and keeps them out. Whoever trains on a copy of this set should do the same with it."));
        return lines;
    }

    private static String text(String format, Object... arguments) { return String.format(Locale.ROOT, format, arguments); }
}
