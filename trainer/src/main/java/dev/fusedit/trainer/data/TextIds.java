package dev.fusedit.trainer.data;

import dev.fusedit.fusion.text.OwnTokenizer;
import dev.fusedit.fusion.text.PretrainedTokenizer;
import dev.fusedit.fusion.text.Tokenizer;
import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.stored.StoredRow;
import dev.fusedit.trainer.data.stored.StoredTexts;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Texts as a language model reads them.
///
/// @param maxTokens longest text; longer ones are cut
/// @param stored what need not be computed of captions
public record TextIds(Tokenizer tokenizer, int maxTokens, StoredTexts stored) {
    /// What the dice for dropped captions are for; a number that `Split` does not use.
    private static final long DROPPING = 101;

    /// Of which all is computed.
    public TextIds(Tokenizer tokenizer, int maxTokens) { this(tokenizer, maxTokens, StoredTexts.NONE); }

    public int[] caption(String text) { return stored.ids(text).orElseGet(() -> tokenizer.encode(text, maxTokens)); }

    /// What is stored of all these texts beside their ids; nothing if it is to be computed.
    List<StoredRow> states(int[][] texts) { return Arrays.stream(texts).map(stored::states).flatMap(Optional::stream).toList(); }

    /// Of nothing at all: no instruction, no chat.
    public int[] nothing() {
        return tokenizer instanceof PretrainedTokenizer pretrained ? pretrained.subwords().encode("", maxTokens) : caption("");
    }
    /// Whether a caption is longer than what is read of it. An instruction before it does not count.
    public boolean isCut(String text) { return caption(text).length < tokenizer.encode(text).length; }

    /// Of the language loss. Where a sentence ends is part of what a language model of one's own learns. A published one knows it, and reads
    /// no instruction here.
    public int[] sentence(String text) {
        if (tokenizer instanceof PretrainedTokenizer pretrained) {
            return pretrained.subwords().encode(text, maxTokens);
        }
        var tokens = caption(text);
        var result = Arrays.copyOf(tokens, tokens.length + 1);
        result[tokens.length] = OwnTokenizer.EOS;
        return result;
    }

    /// Whether the caption at a position is dropped, for classifier-free guidance: it goes by the position, so that a sample is not without
    /// caption in every epoch.
    ///
    /// @param share of captions that are
    public static boolean isDropped(long seed, long position, double share) {
        return new Dice(seed, DROPPING, position).below(1_000_000) < share * 1_000_000;
    }
}
