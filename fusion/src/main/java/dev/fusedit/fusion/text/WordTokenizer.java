package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.JsonFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// A vocabulary of whole words, for small models that learn their language from scratch. Upper case and punctuation don't count; a word
/// outside the vocabulary becomes `<unk>`.
///
/// @param words all tokens in the order of their ids, the four special ones first
public record WordTokenizer(ImmutableList<String> words, ImmutableMap<String, Integer> ids) implements OwnTokenizer {
    static final String REMEDY = "Take the file that training wrote";

    public WordTokenizer {
        checkArgument(words.size() >= SPECIAL.size() && words.subList(0, SPECIAL.size()).equals(SPECIAL),
                "a vocabulary opens with %s, not with %s", SPECIAL, words);
        checkArgument(ids.size() == words.size(), "%s words but %s ids", words.size(), ids.size());
    }

    private static WordTokenizer ofAll(List<String> words) {
        var ids = ImmutableMap.<String, Integer>builder();
        for (int id = 0; id < words.size(); id++) ids.put(words.get(id), id);
        return new WordTokenizer(ImmutableList.copyOf(words), ids.buildOrThrow());
    }

    /// The special tokens, then these words, in this order.
    public static WordTokenizer of(Iterable<String> words) {
        return ofAll(ImmutableList.<String>builder().addAll(SPECIAL).addAll(words).build());
    }

    @Override
    public int size() { return words.size(); }

    /// The ids of a text: bos, its words; no eos and no padding.
    @Override
    public int[] encode(String text) {
        var found = Lists.newArrayList(BOS);
        for (var word : split(text)) found.add(ids.getOrDefault(word, UNK));
        return found.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public int[] encode(String text, int longest) {
        var ids = encode(text);
        return ids.length <= longest ? ids : Arrays.copyOf(ids, longest);
    }

    @Override
    public ImmutableList<String> unknown(String text) {
        return split(text).stream().filter(word -> !ids.containsKey(word)).collect(ImmutableList.toImmutableList());
    }

    /// Runs of letters, digits, `-` and `_`, in lower case; letters beyond U+FFFF are letters.
    private static List<String> split(String text) {
        var words = new ArrayList<String>();
        var lower = text.toLowerCase(Locale.ROOT);
        for (int i = 0, begin = 0; i <= lower.length();) {
            int c = i < lower.length() ? lower.codePointAt(i) : -1;
            int next = i + (c < 0 ? 1 : Character.charCount(c));
            if (c < 0 || !Character.isLetterOrDigit(c) && c != '-' && c != '_') {
                if (begin < i) words.add(lower.substring(begin, i));
                begin = next;
            }
            i = next;
        }
        return words;
    }

    /// Words parted by spaces; pad, bos and eos fall away.
    public String decode(int... tokens) {
        var text = new StringBuilder();
        for (int token : tokens)
            if (token == UNK || token >= SPECIAL.size()) text.append(text.isEmpty() ? "" : " ").append(words.get(token));
        return text.toString();
    }

    /// `{"type": "words", "words": [...]}`.
    @Override
    public String toJson() {
        var json = new ObjectMapper();
        var root = json.createObjectNode().put("type", "words");
        var list = root.putArray("words");
        words.forEach(list::add);
        return root.toPrettyString();
    }

    @Override
    public String toLibraryJson() {
        var root = LibraryJson.begin();
        root.putObject("normalizer").put("type", "Lowercase");
        root.putObject("pre_tokenizer").put("type", "Split").put("behavior", "Removed").put("invert", true).putObject("pattern")
                .put("Regex", "[\\p{L}\\p{Nd}_-]+");
        var vocabulary = root.putObject("model").put("type", "WordLevel").put("unk_token", "<unk>").putObject("vocab");
        ids.forEach(vocabulary::put);
        return root.toPrettyString();
    }

    /// @param where what errors call the text
    /// @throws UserError if it is not such a vocabulary
    public static WordTokenizer fromJson(String text, String where) {
        var root = JsonFile.object(text, where, REMEDY);
        if (!root.path("type").asText().equals("words") || !root.path("words").isArray())
            throw new UserError(where + ": must be a word vocabulary, {\"type\": \"words\", \"words\": [...]}. " + REMEDY);
        var words = ImmutableList.<String>builder();
        root.path("words").forEach(word -> words.add(word.asText()));
        try {
            return ofAll(words.build());
        } catch (IllegalArgumentException e) {
            throw new UserError(where + ": words: " + e.getMessage() + ". " + REMEDY, e);
        }
    }
}
