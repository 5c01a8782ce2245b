package dev.fusedit.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.fetch.FetchRules;
import dev.fusedit.trainer.data.prepare.BlockedHashes;
import dev.fusedit.trainer.data.prepare.Filters;
import dev.fusedit.trainer.data.prepare.ImageRules;
import dev.fusedit.trainer.data.prepare.Part;
import dev.fusedit.trainer.data.prepare.PartScheduler;
import dev.fusedit.trainer.data.prepare.Preparation;
import dev.fusedit.trainer.data.prepare.PrepareRequest;
import dev.fusedit.trainer.data.prepare.PublishedSets;
import dev.fusedit.trainer.log.ProgressLine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "prepare",
        description = {
            "Writes WebDataset shards of a published set, whose images it fetches by its metadata or reads out of its archives.",
            "They are in img2dataset's layout. The same command goes on where a killed one ended."})
final class DataPrepareCommand implements Callable<Integer> {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String WHOLE = "0/1";

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "SET",
            description = "coyo (COYO-700M), cc12m (CC12M, recaptioned), sa-1b (SA-1B) or journeydb (JourneyDB).")
    private String set;

    @Option(names = "--metadata", required = true, paramLabel = "GLOB",
            description = "Files of the metadata: a file, a folder of them or a pattern, 'coyo/part-*.parquet'. Several are joined.")
    private List<String> metadata;

    @Option(names = "--images", paramLabel = "GLOB",
            description = {"Tar archives that hold the images, plain or packed: a file, a folder of them or a pattern, 'sa_*.tar'.",
                "Needed for sa-1b and journeydb; for cc12m they take the place of fetching."})
    private List<String> images = List.of();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder of the shards.")
    private Path out;

    @Option(names = "--max-rows", paramLabel = "N", description = "Look at the first N rows of the metadata alone.")
    private long mostRows = Long.MAX_VALUE;

    @Option(names = "--part", paramLabel = "I/N", description = "Make every N-th shard alone: N processes with I from 1 to N make all.")
    private String part = WHOLE;

    @Option(names = "--spark", arity = "0..1", fallbackValue = "", paramLabel = "MASTER",
            description = {
                "Have parts made by Apache Spark, local[2] or spark://HOST:7077 say; without a value, by the one that spark-submit names.",
                "All machines must see the files and the folder. Needs a build with Spark: FUSEDIT_MAVEN_ARGS=-Pspark."})
    private @Nullable String spark;

    @Option(names = "--dry-run", description = "Count rows by what the metadata say of them, fetch and write nothing.")
    private boolean dryRun;

    @Option(names = "--json", description = "One object, for programs.")
    private boolean json;

    @ArgGroup(validate = false, heading = "Which rows%n")
    private final PrepareRuleOptions rules = new PrepareRuleOptions();

    @ArgGroup(validate = false, heading = "What is written%n")
    private final ShardOptions shards = new ShardOptions();

    @ArgGroup(validate = false, heading = "How is fetched%n")
    private final FetchOptions fetching = new FetchOptions();

    static final class ShardOptions {
        @Option(names = "--image-size", defaultValue = "512", paramLabel = "PIXELS",
                description = "Short side at most; 0: as they are (default: ${DEFAULT-VALUE}).")
        private int size;

        @Option(names = "--quality", defaultValue = "95", paramLabel = "Q",
                description = "Of the JPEGs, 1 to 100 (default: ${DEFAULT-VALUE}).")
        private int quality;

        @Option(names = "--max-pixels", defaultValue = "50000000", paramLabel = "N",
                description = "Of an image that is decoded (default: ${DEFAULT-VALUE}).")
        private long mostPixels;

        @Option(names = "--rows-per-shard", defaultValue = "10000", paramLabel = "N",
                description = "Rows of the metadata for each shard (default: ${DEFAULT-VALUE}, img2dataset's).")
        private int rowsPerShard;

        @Option(names = "--shards-at-once", defaultValue = "2", paramLabel = "N",
                description = "While slow hosts of one are waited for (default: ${DEFAULT-VALUE}).")
        private int atOnce;
    }

    static final class FetchOptions {
        @Option(names = "--contact", defaultValue = "${env:FUSEDIT_CONTACT}", paramLabel = "ADDRESS",
                description = "A mail address or URL for those who run the sites, in the agent string (or FUSEDIT_CONTACT).")
        private String contact;

        @Option(names = "--connections", defaultValue = "64", paramLabel = "N", description = "Open at once (default: ${DEFAULT-VALUE}).")
        private int connections;

        @Option(names = "--per-host", defaultValue = "4", paramLabel = "N",
                description = "Of them to one host (default: ${DEFAULT-VALUE}).")
        private int perHost;

        @Option(names = "--retries", defaultValue = "3", paramLabel = "N",
                description = "After 429, 5xx, timeouts, broken connections (default: ${DEFAULT-VALUE}).")
        private int retries;

        @Option(names = "--retry-delay", defaultValue = "1", paramLabel = "SECONDS",
                description = "Before the first of them; doubled each time (default: ${DEFAULT-VALUE}).")
        private double retryDelay;

        @Option(names = "--timeout", defaultValue = "20", paramLabel = "SECONDS", description = "Of one try (default: ${DEFAULT-VALUE}).")
        private double timeout;

        @Option(names = "--max-bytes", defaultValue = "8388608", paramLabel = "N", description = "Of a file (default: ${DEFAULT-VALUE}).")
        private int mostBytes;

        @Option(names = "--block-domains", paramLabel = "FILE",
                description = "Hosts that are never asked, one a line, with all below them.")
        private List<Path> domains = List.of();

        @Option(names = "--block-hashes", paramLabel = "FILE",
                description = "Files that are never kept, one a line: SHA-256 or perceptual hash.")
        private List<Path> hashes = List.of();

        @Option(names = "--allow-private", description = "Connect to loopback, private and link-local addresses too: for tests.")
        private boolean allowPrivate;

        void resolve(Path folder) {
            domains = domains.stream().map(folder::resolve).toList();
            hashes = hashes.stream().map(folder::resolve).toList();
        }

        FetchRules rules() {
            return new FetchRules(contact == null || contact.startsWith("${") ? "" : contact, connections, Math.min(perHost, connections),
                    retries, seconds(retryDelay, "--retry-delay"), seconds(timeout, "--timeout"), mostBytes, allowPrivate,
                    BlockedHashes.domains(domains));
        }

        private static Duration seconds(double seconds, String option) {
            if (!(seconds >= 0 && seconds <= 86_400)) throw new UserError(option + ": 0 to 86400 seconds, not " + seconds);
            return Duration.ofNanos(Math.round(seconds * 1e9));
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        if (spark != null) requireWhole();
        var request = request();
        try (var preparation = Preparation.open(request)) {
            if (dryRun) return count(preparation);
            tellOfContact(request);
            print(spark == null ? prepare(preparation) : schedule(preparation, spark, request));
            return ExitCode.OK;
        }
    }

    private void requireWhole() {
        if (!part.equals(WHOLE) || dryRun) throw new UserError("--spark has all parts made: leave out --part and --dry-run");
    }

    /// Makes one part of what another process asks for.
    ///
    /// @param folder that relative paths begin at
    /// @return shards that other processes are at
    int makePart(Path folder) throws InterruptedException {
        metadata = metadata.stream().map(pattern -> folder.resolve(pattern).toString()).toList();
        images = images.stream().map(pattern -> folder.resolve(pattern).toString()).toList();
        out = folder.resolve(out);
        fetching.resolve(folder);
        try (var preparation = Preparation.open(request())) {
            return preparation.run((_, _) -> {}).elsewhere();
        }
    }

    private PrepareRequest request() {
        var filters = Filters.of(PublishedSets.named(set), rules.chosen());
        return new PrepareRequest(filters, metadata, images, out, mostRows, rules.language(), shards.rowsPerShard, shards.atOnce,
                Part.parse(part),
                new ImageRules(shards.size, shards.quality, shards.mostPixels, rules.phashBits()), fetching.rules(),
                BlockedHashes.of(fetching.hashes));
    }

    private Integer count(Preparation preparation) {
        var counts = preparation.counts();
        long all = counts.values().stream().mapToLong(Long::longValue).sum();
        long rest = counts.getOrDefault("", 0L);
        counts.remove("");
        if (json) {
            print(object(all, counts).put("to_fetch", rest));
        } else {
            spec.commandLine().getOut().println("%,d of %,d rows would be fetched".formatted(rest, all));
            printCauses(counts);
        }
        return ExitCode.OK;
    }

    private void tellOfContact(PrepareRequest request) {
        if (request.images().isEmpty() && request.fetch().contact().isEmpty() && !request.fetch().allowPrivate())
            spec.commandLine().getErr().println("No --contact is given: those who run the sites cannot reach you.");
    }

    private Preparation.Outcome schedule(Preparation preparation, String master, PrepareRequest request) {
        var scheduler =
                ServiceLoader.load(PartScheduler.class).findFirst().orElseThrow(() -> new UserError("--spark: this build has no Spark."
                        + " With FUSEDIT_MAVEN_ARGS=-Pspark ./fusedit builds one that has, for which more is downloaded"));
        preparation.begin();
        return preparation.outcome(scheduler.run(master, preparation.shards(),
                PreparePart.of(spec.commandLine().getParseResult(), request.fetch().contact())));
    }

    private Preparation.Outcome prepare(Preparation preparation) throws InterruptedException {
        var progress = ProgressLine.on(spec.commandLine().getErr());
        long began = System.nanoTime();
        var first = new ArrayList<Long>();
        var outcome = preparation.run((done, all) -> {
            synchronized (first) {
                if (first.isEmpty()) first.add(done);
                double each = (System.nanoTime() - began) / 1e9 / Math.max(1, done - first.getFirst());
                progress.update(ProgressLine.Progress.counted("fetch", done, all, each * (all - done)));
            }
        });
        progress.close();
        return outcome;
    }

    private void print(Preparation.Outcome outcome) {
        if (json) {
            print(object(outcome.part().rows(), outcome.part().causes()).put("ok", outcome.part().ok()).put("shards", outcome.shards())
                    .put("whole", outcome.whole()));
        } else {
            spec.commandLine().getOut().println("%s: %,d of %,d rows are images now, in %,d shards%s".formatted(out, outcome.part().ok(),
                    outcome.part().rows(), outcome.shards(), outcome.whole() ? "" : "; other parts are not done"));
            printCauses(outcome.part().causes());
        }
        if (outcome.elsewhere() > 0)
            spec.commandLine().getErr().println("%,d shards are being made by another process".formatted(outcome.elsewhere()));
    }

    private void printCauses(Map<String, Long> causes) {
        causes.forEach((cause, rows) -> spec.commandLine().getOut().println("  %,12d  %s".formatted(rows, cause)));
    }

    private static ObjectNode object(long rows, Map<String, Long> causes) {
        var object = JSON.createObjectNode().put("rows", rows);
        var counts = object.putObject("causes");
        causes.forEach(counts::put);
        return object;
    }

    private void print(ObjectNode object) { spec.commandLine().getOut().println(object); }
}
