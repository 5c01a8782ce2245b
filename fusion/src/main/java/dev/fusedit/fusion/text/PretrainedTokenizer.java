package dev.fusedit.fusion.text;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A published language model's tokenizer, with what a model was trained to read around each caption. Any thread may encode.
///
/// @param text the `tokenizer.json` that it was read from, with what its folder says beside it, for checkpoints and exports
/// @param instruction put before each caption; it does not count towards a caption's own length
/// @param chat in which instruction and caption become a user's turn; null for none
public record PretrainedTokenizer(SubwordTokenizer subwords, PackedText text, Instruction instruction, @Nullable ChatTemplate chat)
        implements Tokenizer, AutoCloseable {
    private static final String FILE = "tokenizer.json";

    /// @param place a `tokenizer.json`, or its folder
    /// @throws UserError if there is none
    public static PretrainedTokenizer read(Path place, Instruction instruction, @Nullable ChatTemplate chat) {
        var file = Files.isDirectory(place) ? place.resolve(FILE) : place;
        try {
            return new PretrainedTokenizer(SubwordTokenizer.open(file), SubwordTokenizer.text(file), instruction, chat);
        } catch (IOException e) {
            throw new UserError("%s: cannot be read (%s)".formatted(file, e.getMessage()), e);
        }
    }

    /// All of its `tokenizer.json`.
    public String json() { return text.toString(); }

    @Override
    public int[] encode(String text, int longest) {
        if (chat != null) {
            var ids = subwords.bare(chat.of(instruction.text() + text));
            return ids.length <= longest ? ids : Arrays.copyOf(ids, longest);
        }
        return longest == Integer.MAX_VALUE ? subwords.encode(instruction.text() + text) : instruction.encode(subwords, text, longest);
    }

    /// What the ids of two texts have in common: blanks at an instruction's end belong to the caption's first word.
    @Override
    public int instructionLength() {
        if (instruction.text().isEmpty()) {
            return 0;
        }
        var nothing = encode("");
        int differs = Arrays.mismatch(nothing, encode("a"));
        return differs < 0 ? nothing.length : differs;
    }

    /// Writes `tokenizer.json`, and the `tokenizer_config.json` by which transformers' `AutoTokenizer` reads it alike. Instruction and chat are
    /// not in it.
    public void write(Path folder) throws IOException {
        var file = folder.resolve(FILE);
        try (var json = text.open()) {
            Files.copy(json, file);
        }
        Files.writeString(folder.resolve("tokenizer_config.json"), SpecialTokens.of(file).config().toPrettyString() + "\n");
    }

    /// Frees the library's memory.
    @Override
    public void close() { subwords.close(); }
}
