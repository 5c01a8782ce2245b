package dev.fusedit.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.log.ProgressLine;
import dev.fusedit.trainer.log.TextTable;
import dev.fusedit.trainer.run.AutoSettings;
import dev.fusedit.trainer.stage.cache.CacheFolder;
import dev.fusedit.trainer.stage.cache.CacheWork;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "cache",
        description = {"Computes once what frozen models make of a recipe's images and captions, as its block 'cache' says.",
            "What is there already is kept, what is damaged is made anew; it may be stopped and given again at any time."})
final class DataCacheCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RecipeChoice choice;

    @Mixin
    private PipeOption pipes;

    @Option(names = "--threads", paramLabel = "N", description = "That read and decode images (default: as many as cores).")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--dry-run", description = "Tell what is there, missing and stale, and write nothing.")
    private boolean dry;

    @Option(names = "--verify", description = "Read all that is there before, and make anew what is damaged.")
    private boolean verify;

    @Option(names = "--prune", description = "Delete what is stale: all in the folder that this recipe does not read.")
    private boolean prune;

    @Option(names = "--json", description = "One object, for programs.")
    private boolean json;

    @Override
    public Integer call() {
        OptionBounds.check("--threads", Bound.THREADS, threads);
        if (dry && (verify || prune))
            throw new UserError("data cache: --dry-run looks and writes nothing: leave out %s".formatted(verify ? "--verify" : "--prune"));
        var progress = ProgressLine.onStderr();
        var recipe = AutoSettings.settle(choice.read(spec.commandLine().getErr()));
        try (var work = new CacheWork(recipe, dry, pipes.pipes(), threads, progress)) {
            var before = work.states();
            var stale = work.stale();
            if (!json) say(text(work, before, stale));
            long pruned = prune ? work.prune() : 0;
            long made = dry ? 0 : work.fill(verify);
            if (json) {
                say(json(work, stale).put("made", made).put("pruned_bytes", pruned).toString());
            } else if (!dry) {
                say("%,d rows were made%s".formatted(made, prune ? ", %s of stale ones deleted".formatted(size(pruned)) : ""));
            }
        }
        return ExitCode.OK;
    }

    private void say(String text) { spec.commandLine().getOut().println(text); }

    private static String text(CacheWork work, List<CacheWork.State> states, List<CacheFolder.Content> stale) {
        var text = new StringBuilder();
        var table = new TextTable("kind", "rows", "missing", "to write", "there", "set");
        for (var state : states) {
            table.row(state.kind().word(), "%,d".formatted(state.wanted()), "%,d".formatted(state.missing()), size(state.bytes()),
                    size(state.there()), state.set());
        }
        text.append(work.folder()).append('\n').append(table.text().stripTrailing());
        for (var state : states) {
            if (state.unwanted() > 0)
                text.append(
                        "%n%s: %,d rows are of images or captions that the recipe has no more".formatted(state.set(), state.unwanted()));
            state.broken().forEach(broken -> text.append("%nbroken: %s".formatted(broken.why())));
            state.unfinished().forEach(file -> text.append("%nunfinished: %s".formatted(file)));
        }
        for (var other : stale) {
            text.append("%nstale, or of another recipe: %s, %,d rows, %s".formatted(other.name(), other.rows(), size(other.bytes())));
        }
        return text.toString();
    }

    private static ObjectNode json(CacheWork work, List<CacheFolder.Content> stale) {
        var json = JsonNodeFactory.instance.objectNode().put("folder", work.folder().toString());
        var sets = json.putArray("sets");
        for (var state : work.states()) {
            sets.addObject().put("kind", state.kind().word()).put("set", state.set()).put("rows", state.wanted())
                    .put("missing", state.missing()).put("missing_bytes", state.bytes()).put("unwanted", state.unwanted())
                    .put("bytes", state.there()).put("broken", state.broken().size()).put("unfinished", state.unfinished().size());
        }
        var others = json.putArray("stale");
        for (var other : stale) {
            others.addObject().put("kind", other.set().kind().word()).put("set", other.name()).put("rows", other.rows())
                    .put("bytes", other.bytes());
        }
        return json;
    }

    /// `1.5 MiB`
    static String size(long bytes) {
        return bytes < 1 << 10 ? bytes + " B" : bytes < 1 << 20 ? number(bytes, 10) + " KiB" : bytes < 1 << 30 ? number(bytes, 20) + " MiB"
                : number(bytes, 30) + " GiB";
    }

    private static String number(long bytes, int shift) { return String.format(Locale.ROOT, "%,.1f", (double) bytes / (1L << shift)); }
}
