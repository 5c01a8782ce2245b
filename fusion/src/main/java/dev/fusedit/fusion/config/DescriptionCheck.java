package dev.fusedit.fusion.config;

import static java.util.stream.Collectors.joining;

import dev.fusedit.torch.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The one comparison of what files say of their model with what is built for them. Shapes and names of tensors tell little of a model: a
/// rotary base, an activation, what its output means. A difference is refused by name, unless it is of a kind that was accepted.
///
/// @param key what names the files, for messages: `weights.llm`
/// @param accepted for a field, or one of the objects that it is in, the word that accepts its difference, if that was given; under the
///        empty name for every field
/// @param word the key that accepts words: `weights.accept`; empty where nothing can be accepted
/// @param said told of differences that are accepted, in sentences
public record DescriptionCheck(String key, Map<String, Acceptance> accepted, String word, Consumer<String> said) {
    /// Whether a kind of difference was accepted.
    ///
    /// @param word that accepts it: `prediction`
    public record Acceptance(String word, boolean given) {}

    public DescriptionCheck {
        accepted = Map.copyOf(accepted);
    }

    /// One that accepts nothing.
    ///
    /// @param key what names the files, for messages
    public static DescriptionCheck strict(String key) { return new DescriptionCheck(key, Map.of(), "", _ -> {}); }

    /// @param passed fields that do not matter here
    /// @param remedy what to do about a difference, as the end of an error
    /// @throws UserError that lists every difference
    public void require(ModelDescription file, ModelDescription built, KnownFields passed, String remedy) {
        refuse(file, built, file.differences(built).stream().filter(found -> passed.reason(found.field()) == null).toList(), remedy);
    }

    /// Differences that were found in another way.
    ///
    /// @throws UserError that lists all that are not accepted
    public void refuse(ModelDescription file, ModelDescription built, List<ModelDescription.Difference> found, String remedy) {
        var refused = new ArrayList<ModelDescription.Difference>();
        var words = new ArrayList<String>();
        for (var difference : found) {
            var acceptance = acceptance(difference.field());
            if (acceptance != null && acceptance.given()) {
                said.accept("%s: accepted is %s".formatted(key, difference.told(file.where(), built.where())));
            } else {
                refused.add(difference);
                if (acceptance != null && !words.contains(acceptance.word())) {
                    words.add(acceptance.word());
                }
            }
        }
        if (!refused.isEmpty()) {
            var accepting = words.isEmpty() ? "" : ". To take it all the same: %s: [%s]".formatted(word, String.join(", ", words));
            throw new UserError("%s: %s is of another model:%n%s%n%s%s".formatted(key, file.where(),
                    refused.stream().map(one -> "  " + one.told("the file", built.where())).collect(joining(System.lineSeparator())),
                    remedy,
                    accepting));
        }
    }

    private @Nullable Acceptance acceptance(String field) {
        for (var name = field;; name = name.substring(0, name.lastIndexOf('.'))) {
            if (accepted.containsKey(name)) {
                return accepted.get(name);
            }
            var last = name.substring(name.lastIndexOf('.') + 1);
            if (accepted.containsKey(last)) {
                return accepted.get(last);
            }
            if (!name.contains(".")) {
                return accepted.get("");
            }
        }
    }
}
