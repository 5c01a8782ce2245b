package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.fusion.text.SentencePiece.Kind;
import dev.fusedit.fusion.text.SentencePiece.Piece;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;

/// Gemma's tokenizer from what its slow class saves: SentencePiece's `tokenizer.model`, and what [SavedTokens] reads.
///
/// SentencePiece has no merges: two neighbours join where together they are a piece, the best score first, and the leftmost of equals.
/// The library has merges in an order; every way to part a piece in two pieces becomes one, by the piece's score. The two agree but
/// where one piece could come of its two parts in both orders at once (`aa|a|aa` with the piece `aaa`): there the library looks at the
/// merge's place in the list first, SentencePiece at the place in the text.
///
/// The class looks for added tokens in the text as it is; SentencePiece for user-defined pieces in what lies between them, once blanks
/// have become `▁`. Control pieces are not looked for.
final class GemmaVocabulary {
    static final String FILE = "tokenizer.model";
    private static final long MOST_BYTES = 32 << 20;
    private static final int MOST_MERGES = 1 << 22;
    private static final List<String> DEFAULTS = List.of("<bos>", "<eos>", "<unk>", "<pad>");

    private GemmaVocabulary() {}

    /// @param folder with the file
    static TokenizerJson tokenizer(Path folder) throws IOException {
        var file = folder.resolve(FILE);
        var saved = SavedTokens.read(folder);
        var type = saved.type();
        if (type != null && !type.equals("GemmaTokenizer") && !type.equals("GemmaTokenizerFast")) {
            throw new UserError("%s: of a %s; only Gemma's is read. Put the tokenizer.json of the model that it is of into this folder"
                    .formatted(file, type));
        }
        var format = FileFormat.of(file);
        if (format != FileFormat.SENTENCEPIECE && format != FileFormat.UNKNOWN) {
            throw format.insteadOf("a SentencePiece model", file);
        }
        if (Files.size(file) > MOST_BYTES) {
            throw new UserError("%s: is no SentencePiece model that is understood (%d bytes are too many)".formatted(file,
                    Files.size(file)));
        }
        try {
            return TokenizerJson.of(tokenizer(SentencePiece.read(Files.readAllBytes(file)), saved), folder.toString());
        } catch (IllegalArgumentException e) {
            throw new UserError("%s: is no SentencePiece model that is understood (%s)".formatted(file, e.getMessage()), e);
        }
    }

    private static ObjectNode tokenizer(SentencePiece model, SavedTokens saved) {
        var root = JsonNodeFactory.instance.objectNode();
        var vocabulary = root.objectNode();
        for (var piece : model.pieces()) {
            vocabulary.put(piece.text(), vocabulary.size());
        }
        var specials = saved.specials(DEFAULTS);
        var added = saved.added(vocabulary, specials);
        var known = new HashSet<String>();
        added.forEach(token -> known.add(token.path("content").textValue()));
        model.pieces().stream().filter(piece -> piece.kind() == Kind.USER_DEFINED && known.add(piece.text()))
                .forEach(piece -> userDefined(added, piece, vocabulary));
        root.set("added_tokens", added);
        root.putObject("normalizer").put("type", "Replace").put("content", "▁").putObject("pattern").put("String", " ");
        around(root, vocabulary, saved.flag("add_bos_token", true) ? specials.get(0) : "",
                saved.flag("add_eos_token", false) ? specials.get(1) : "");
        var decoders = root.putObject("decoder").put("type", "Sequence").putArray("decoders");
        decoders.addObject().put("type", "Replace").put("content", " ").putObject("pattern").put("String", "▁");
        decoders.addObject().put("type", "ByteFallback");
        decoders.addObject().put("type", "Fuse");
        var result = root.putObject("model").put("type", "BPE").put("unk_token", model.unknown().text()).put("fuse_unk", true)
                .put("byte_fallback", model.byteFallback());
        result.set("vocab", vocabulary);
        merges(model, result.putArray("merges"));
        return root;
    }

    /// Looked for among the normalized.
    private static void userDefined(ArrayNode added, Piece piece, ObjectNode vocabulary) {
        added.addObject().put("id", vocabulary.path(piece.text()).intValue()).put("content", piece.text()).put("single_word", false)
                .put("lstrip", false).put("rstrip", false).put("normalized", true).put("special", false);
    }

    private static void around(ObjectNode root, ObjectNode vocabulary, String before, String after) {
        var template = root.putObject("post_processor").put("type", "TemplateProcessing");
        var single = template.putArray("single");
        var tokens = template.putObject("special_tokens");
        special(single, tokens, before, vocabulary);
        single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
        special(single, tokens, after, vocabulary);
    }

    private static void special(ArrayNode single, ObjectNode tokens, String token, ObjectNode vocabulary) {
        if (!token.isEmpty()) {
            single.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
            var entry = tokens.putObject(token).put("id", token);
            entry.putArray("ids").add(vocabulary.path(token));
            entry.putArray("tokens").add(token);
        }
    }

    private static void merges(SentencePiece model, ArrayNode merges) {
        var normal = model.pieces().stream().filter(piece -> piece.kind() == Kind.NORMAL).toList();
        var texts = new HashSet<String>();
        normal.forEach(piece -> texts.add(piece.text()));
        normal.stream().sorted(Comparator.comparing(Piece::score).reversed()).map(Piece::text).forEach(text -> {
            for (int at = 1; at < text.length(); at++) {
                var left = text.substring(0, at);
                if (texts.contains(left) && texts.contains(text.substring(at))) {
                    checkArgument(merges.size() < MOST_MERGES, "more than %s ways to part pieces", MOST_MERGES);
                    merges.addArray().add(left).add(text.substring(at));
                }
            }
        });
    }
}
