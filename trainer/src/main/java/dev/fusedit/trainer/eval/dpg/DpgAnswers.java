package dev.fusedit.trainer.eval.dpg;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.fusedit.fusion.config.ConfigReader;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import dev.fusedit.torch.io.TextFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/// Answers to DPG-Bench's questions: a line of JSON an item, `{"item": "partiprompts97", "images": [{"1": "yes", "2": "no"}, …]}`, an object
/// for each of its images. Nothing but exactly `yes` counts, as in the official script.
public final class DpgAnswers {
    private static final String REMEDY = "Write it anew by examples/dpg_answers.py";

    private DpgAnswers() {}

    /// By item, then image, then question.
    ///
    /// @throws UserError naming file and line of what is wrong
    public static ImmutableMap<String, ImmutableList<Map<Integer, Boolean>>> read(Path file) {
        var answers = ImmutableMap.<String, ImmutableList<Map<Integer, Boolean>>>builder();
        int number = 0;
        for (var line : TextFile.lines(file, "answers, a line of JSON an item")) {
            number++;
            if (line.isBlank()) continue;
            var where = file + ":" + number;
            var fields = new ConfigReader(JsonFile.line(line, file, number, REMEDY), where);
            fields.require(fields.has("item"), "item", "must be an id");
            var images = fields.raw("images");
            fields.require(images.isArray() && !images.isEmpty(), "images", "must be a list with the answers of each image");
            answers.put(Objects.requireNonNull(fields.text("item")),
                    images.valueStream().map(image -> image(image, where)).collect(ImmutableList.toImmutableList()));
        }
        try {
            return answers.buildOrThrow();
        } catch (IllegalArgumentException e) {
            throw new UserError("%s has an item twice: %s".formatted(file, e.getMessage()), e);
        }
    }

    private static Map<Integer, Boolean> image(JsonNode answers, String where) {
        var byQuestion = new TreeMap<Integer, Boolean>();
        for (var answer : answers.properties()) {
            if (!answer.getKey().matches("\\d{1,6}") || !answer.getValue().isTextual()) {
                throw new UserError("%s: %s must be a question's number and a text".formatted(where, answer));
            }
            byQuestion.put(Integer.valueOf(answer.getKey()), answer.getValue().asText().equals("yes"));
        }
        return byQuestion;
    }
}
