package dev.fusedit.trainer.eval.geneval;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.config.Bound;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TextFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// A line of GenEval's `evaluation_metadata.jsonl`.
///
/// @param tag the kind: `single_object`, `two_object`, `counting`, `colors`, `position`, `color_attr`
/// @param line as it is written, which the official scorer reads again
public record GenEvalPrompt(String tag, ImmutableList<Include> include, ImmutableList<Exclude> exclude, String prompt, String line) {
    private static final String REMEDY = "Give GenEval's own evaluation_metadata.jsonl";

    /// So many of a class, of a colour, and in a place.
    public record Include(String name, int count, Optional<String> color, Optional<Place> place) {}

    /// @param relation to the objects of another include: `left of`, `right of`, `above`, `below`
    /// @param group which include, from 0
    public record Place(String relation, int group) {}

    /// Fewer than so many of a class.
    public record Exclude(String name, int count) {}

    /// @throws UserError naming file and line of what is wrong
    public static ImmutableList<GenEvalPrompt> read(Path file) {
        var prompts = ImmutableList.<GenEvalPrompt>builder();
        int number = 0;
        for (var line : TextFile.lines(file, "GenEval's prompts")) {
            number++;
            if (!line.isBlank()) prompts.add(of(line, file, number));
        }
        var all = prompts.build();
        if (all.isEmpty()) throw new UserError("%s has no prompt. %s".formatted(file, REMEDY));
        return all;
    }

    static GenEvalPrompt of(String line, Path file, int number) {
        var fields = new ConfigReader(JsonFile.line(line, file, number, REMEDY), file + ":" + number);
        var include = ImmutableList.<Include>builder();
        int groups = 0;
        for (var each : fields.objects("include")) include.add(include(each, groups++));
        var exclude = fields.has("exclude") ? fields.objects("exclude") : List.<ConfigReader>of();
        return new GenEvalPrompt(text(fields, "tag"), include.build(), exclude.stream()
                .map(each -> new Exclude(text(each, "class"), each.integer("count", Bound.COUNT))).collect(ImmutableList.toImmutableList()),
                text(fields, "prompt"), line.strip());
    }

    private static Include include(ConfigReader fields, int before) {
        var place = Optional.<Place>empty();
        if (fields.has("position")) {
            var position = fields.raw("position");
            fields.require(position.size() == 2 && position.path(0).isTextual() && position.path(1).canConvertToInt()
                    && position.path(1).asInt() >= 0 && position.path(1).asInt() < before, "position",
                    "must be a relation and the number of an object before this one");
            place = Optional.of(new Place(position.path(0).asText(), position.path(1).asInt()));
        }
        return new Include(text(fields, "class"), fields.integer("count", Bound.COUNT), Optional.ofNullable(fields.text("color")), place);
    }

    private static String text(ConfigReader fields, String name) {
        fields.require(fields.has(name), name, "must be a text");
        return Objects.requireNonNull(fields.text(name));
    }

    /// Classes of which the rules ask for a colour.
    ImmutableList<String> colored() {
        return include.stream().filter(each -> each.color.isPresent()).map(Include::name).collect(ImmutableList.toImmutableList());
    }
}
