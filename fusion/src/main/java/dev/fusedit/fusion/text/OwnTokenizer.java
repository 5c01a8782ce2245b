package dev.fusedit.fusion.text;

import com.google.common.collect.ImmutableList;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;

/// The vocabulary of a language model that learns from scratch. Its first four ids are Gemma's: pad 0, eos 1, bos 2, unk 3. A text is bos
/// and what it is made of; no eos and no padding.
public sealed interface OwnTokenizer extends Tokenizer permits WordTokenizer, ByteTokenizer {
    int PAD = 0;
    int EOS = 1;
    int BOS = 2;
    int UNK = 3;
    ImmutableList<String> SPECIAL = ImmutableList.of("<pad>", "<eos>", "<bos>", "<unk>");

    /// Rows of its table of embeddings.
    int size();

    /// As checkpoints hold it: an object whose `type` says which it is.
    String toJson();

    /// The same as a `tokenizer.json` of Hugging Face's library, which makes the same ids.
    String toLibraryJson();

    /// @param where what errors call the text
    /// @throws UserError if it is none
    static OwnTokenizer fromJson(String text, String where) {
        var root = JsonFile.object(text, where, WordTokenizer.REMEDY);
        return root.path("type").asText().equals(ByteTokenizer.TYPE) ? new ByteTokenizer() : WordTokenizer.fromJson(text, where);
    }
}
