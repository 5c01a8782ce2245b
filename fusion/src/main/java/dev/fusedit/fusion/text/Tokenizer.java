package dev.fusedit.fusion.text;

import java.util.List;

/// Text to token ids.
@FunctionalInterface
public interface Tokenizer {
    /// The ids of a text, with those that the model expects around it; what is longer is cut on the right, between them.
    ///
    /// @param longest ids at most
    int[] encode(String text, int longest);

    /// All ids of a text.
    default int[] encode(String text) { return encode(text, Integer.MAX_VALUE); }

    /// How many ids every text begins with: an instruction's and those before it; 0 where none is given.
    default int instructionLength() { return 0; }

    /// Words of a text that the vocabulary lacks, to warn about; none where it is made of pieces of words.
    default List<String> unknown(String text) { return List.of(); }
}
