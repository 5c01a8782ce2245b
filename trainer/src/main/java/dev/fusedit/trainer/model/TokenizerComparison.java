package dev.fusedit.trainer.model;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.fusedit.fusion.config.ModelDescription.Difference;
import dev.fusedit.fusion.text.SubwordTokenizer;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.torch.io.GgufFile;
import dev.fusedit.trainer.checkpoint.Checkpoint;
import dev.fusedit.trainer.checkpoint.CheckpointFiles;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Whether texts become the ids that a model has learned. Told by texts, since one tokenizer has many spellings.
final class TokenizerComparison {
    private static final List<String> FILES = List.of("tokenizer.json", "tokenizer.model", "vocab.json");
    private static final String GGUF_TOKENS = "tokenizer.ggml.tokens";
    /// Stands for a word that a vocabulary of words lacks.
    private static final String UNKNOWN = "<unk>";
    private static final List<String> TEXTS = List.of("a red circle above a blue square", "two green triangles",
            "a yellow ring to the left of a purple cross", "a cat");

    private TokenizerComparison() {}

    /// What the files of a language model say of their tokenizer against a run's; empty if they agree, or say nothing.
    static Optional<Difference> of(StartingFiles.Language files, Tokenizer own) {
        return beyond(files.config().vocabulary(), own).or(() -> Files.isDirectory(files.place()) ? inFolder(files.place(), own)
                : inGguf(files.place(), own));
    }

    /// An id without a row in the table of embeddings.
    private static Optional<Difference> beyond(int vocabulary, Tokenizer own) {
        return TEXTS.stream().flatMapToInt(text -> Arrays.stream(plain(own, text))).filter(id -> id >= vocabulary).boxed().findFirst()
                .map(id -> difference("%d ids".formatted(vocabulary), "one that makes the id %d".formatted(id)));
    }

    /// By the pieces of words that the file lists for the ids: together they are the text, whatever stands for blanks.
    private static Optional<Difference> inGguf(Path file, Tokenizer own) {
        try (var gguf = GgufFile.open(file)) {
            if (!(gguf.values().get(GGUF_TOKENS) instanceof List<?> pieces)) return Optional.empty();
            return TEXTS.stream().filter(text -> {
                var joined = joined(pieces, plain(own, text));
                return !joined.contains(UNKNOWN) && !joined.endsWith(text.replace(" ", ""));
            }).findFirst()
                    .map(text -> difference("of the ids of '%s' '%s'".formatted(text, joined(pieces, plain(own, text))), "another"));
        }
    }

    private static String joined(List<?> pieces, int[] ids) {
        return Arrays.stream(ids).mapToObj(id -> id < pieces.size() ? String.valueOf(pieces.get(id)) : "?").collect(Collectors.joining())
                .replaceAll("[ \u2581\u0120]", "");
    }

    /// The tokenizer of a model's folder against a run's; empty if they agree, or the folder has none.
    static Optional<Difference> inFolder(Path folder, Tokenizer own) {
        if (!Files.isDirectory(folder) || FILES.stream().noneMatch(name -> Files.isRegularFile(folder.resolve(name)))) {
            return Optional.empty();
        }
        try (var theirs = SubwordTokenizer.open(folder)) {
            return TEXTS.stream().filter(text -> !Arrays.equals(theirs.encode(text), plain(own, text))).findFirst()
                    .map(text -> difference("'%s' is %s".formatted(text, Arrays.toString(theirs.encode(text))),
                            Arrays.toString(plain(own, text))));
        }
    }

    /// Without an instruction, which is the recipe's.
    private static int[] plain(Tokenizer own, String text) {
        return own instanceof PretrainedTokenizer pretrained ? pretrained.subwords().encode(text) : own.encode(text);
    }

    /// A run's tokenizer against another's.
    static Optional<Difference> inCheckpoint(Checkpoint checkpoint, Tokenizer own) {
        var theirs = CheckpointFiles.text(checkpoint, CheckpointFiles.WORDS);
        return theirs.equals(RecipeTokenizers.json(own)) ? Optional.empty()
                : Optional.of(difference("that of " + CheckpointFiles.WORDS, "another"));
    }

    private static Difference difference(String theirs, String own) {
        return new Difference("tokenizer", JsonNodeFactory.instance.textNode(theirs), JsonNodeFactory.instance.textNode(own));
    }
}
