package dev.fusedit.fusion.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Splitter;
import com.google.common.io.ByteStreams;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.FileFormat;
import dev.fusedit.torch.io.JsonFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/// CLIP's tokenizer from its published list of merges: 256 bytes, the same at a word's end, the merges, begin and end of text; or from
/// what its slow class saves, `vocab.json` and `merges.txt`, with what [SavedTokens] reads.
///
/// The ids are those of the fast class, which takes any text as it is. The slow class cleans texts first ([#clean]): `ftfy`, where that
/// is installed, mends more than this cleaning does, and is not imitated.
final class ClipVocabulary {
    static final String VOCABULARY = "vocab.json";
    static final String LIST = "merges.txt";
    private static final int MERGES = 48_894;
    private static final long MOST_BYTES = 64 << 20;
    private static final String WORD_END = "</w>";
    private static final String BEGIN = "<|startoftext|>";
    private static final String END = "<|endoftext|>";
    private static final List<String> DEFAULTS = List.of(BEGIN, END, END, END);
    private static final String WORDS =
            "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

    private ClipVocabulary() {}

    /// True for a list of merges, false for anything else.
    static boolean is(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return in.read() == 0x1f && in.read() == 0x8b;
        }
    }

    /// The `tokenizer.json` of such a list.
    static TokenizerJson tokenizer(Path file) throws IOException {
        List<String> merges;
        try (var in = new GZIPInputStream(Files.newInputStream(file))) {
            merges = merges(in, file);
        }
        var vocabulary = JsonNodeFactory.instance.objectNode();
        bytes().forEach(letter -> vocabulary.put(letter, vocabulary.size()));
        bytes().forEach(letter -> vocabulary.put(letter + WORD_END, vocabulary.size()));
        for (var merge : merges) {
            var word = merge.replace(" ", "");
            if (vocabulary.has(word)) {
                throw new UserError("%s: is no list of merges ('%s' makes a token that is there)".formatted(file, merge));
            }
            vocabulary.put(word, vocabulary.size());
        }
        vocabulary.put(BEGIN, vocabulary.size()).put(END, vocabulary.size());
        var added = vocabulary.arrayNode();
        addSpecial(added, vocabulary, BEGIN);
        addSpecial(added, vocabulary, END);
        return TokenizerJson.of(tokenizer(vocabulary, merges, added, DEFAULTS), file + ": is no list of merges");
    }

    /// The same of a folder that the slow class saved.
    static TokenizerJson saved(Path folder) throws IOException {
        var file = folder.resolve(VOCABULARY);
        var saved = SavedTokens.read(folder);
        var type = saved.type();
        if (type != null && !type.equals("CLIPTokenizer") && !type.equals("CLIPTokenizerFast")) {
            throw new UserError("%s: of a %s; only CLIP's is read. Put the tokenizer.json of the model that it is of into this folder"
                    .formatted(file, type));
        }
        var vocabulary = JsonFile.object(file, TokenizerJson.REMEDY);
        if (!vocabulary.valueStream().allMatch(JsonNode::isInt)) {
            throw new UserError("%s: is no vocabulary (it must be an object of ids)".formatted(file));
        }
        var list = folder.resolve(LIST);
        try (var in = Files.newInputStream(list)) {
            var merges = merges(in, list);
            var specials = saved.specials(DEFAULTS);
            var added = saved.added(vocabulary, specials);
            return TokenizerJson.of(tokenizer(vocabulary, merges, added, specials), folder + ": is no tokenizer that is understood");
        }
    }

    /// @param specials begin, end, unknown
    private static ObjectNode tokenizer(ObjectNode vocabulary, List<String> merges, ArrayNode added, List<String> specials) {
        var root = JsonNodeFactory.instance.objectNode().put("version", "1.0");
        root.set("added_tokens", added);
        normalizer(root.putObject("normalizer").put("type", "Sequence"));
        splitter(root.putObject("pre_tokenizer").put("type", "Sequence"));
        var around =
                root.putObject("post_processor").put("type", "RobertaProcessing").put("trim_offsets", false).put("add_prefix_space", false);
        around.putArray("sep").add(specials.get(1)).add(vocabulary.path(specials.get(1)));
        around.putArray("cls").add(specials.get(0)).add(vocabulary.path(specials.get(0)));
        root.putObject("decoder").put("type", "ByteLevel").put("add_prefix_space", true).put("trim_offsets", true).put("use_regex", true);
        var model = root.putObject("model").put("type", "BPE").put("unk_token", specials.get(2)).put("continuing_subword_prefix", "")
                .put("end_of_word_suffix", WORD_END).put("fuse_unk", false).put("byte_fallback", false);
        model.set("vocab", vocabulary);
        merges.forEach(model.putArray("merges")::add);
        return root;
    }

    /// Behind a title, as many as the class reads.
    ///
    /// @param file as it lies there, packed or not
    private static List<String> merges(InputStream bytes, Path file) throws IOException {
        var format = FileFormat.of(file);
        if (format != FileFormat.GZIP && format != FileFormat.TEXT && format != FileFormat.YAML) {
            throw format.insteadOf("a list of merges", file);
        }
        var text = new String(ByteStreams.limit(bytes, MOST_BYTES).readAllBytes(), StandardCharsets.UTF_8).strip();
        var merges = Splitter.on('\n').splitToStream(text).skip(1).limit(MERGES).map(String::strip).toList();
        if (merges.isEmpty() || merges.stream().anyMatch(merge -> merge.split(" ", -1).length != 2)) {
            throw new UserError("%s: is no list of merges, two parts a line".formatted(file));
        }
        return merges;
    }

    private static void addSpecial(ArrayNode added, ObjectNode vocabulary, String content) {
        added.addObject().put("id", vocabulary.path(content).intValue()).put("content", content).put("single_word", false)
                .put("lstrip", false).put("rstrip", false).put("normalized", content.equals(BEGIN)).put("special", true);
    }

    private static void normalizer(ObjectNode sequence) {
        var steps = sequence.putArray("normalizers");
        steps.addObject().put("type", "NFC");
        steps.addObject().put("type", "Replace").put("content", " ").putObject("pattern").put("Regex", "\\s+");
        steps.addObject().put("type", "Lowercase");
    }

    private static void splitter(ObjectNode sequence) {
        var steps = sequence.putArray("pretokenizers");
        steps.addObject().put("type", "Split").put("behavior", "Removed").put("invert", true).putObject("pattern").put("Regex", WORDS);
        steps.addObject().put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", true).put("use_regex", true);
    }

    /// A letter for each byte: printable ones for themselves, then the rest from 256 on. The order is that of the ids.
    private static List<String> bytes() {
        var printable = IntStream.concat(IntStream.concat(IntStream.rangeClosed('!', '~'), IntStream.rangeClosed(0xa1, 0xac)),
                IntStream.rangeClosed(0xae, 0xff)).boxed().toList();
        var others = 256 - printable.size();
        return IntStream.concat(printable.stream().mapToInt(Integer::intValue), IntStream.range(256, 256 + others))
                .mapToObj(Character::toString)
                .toList();
    }

    // ---- cleaning

    /// What the models' own tokenizer does before it splits: control and format characters go, Chinese signs stand alone, lower case.
    static String clean(String text) {
        var result = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (isSpace(c)) {
                result.append(' ');
            } else if (isChinese(c)) {
                result.append(' ').appendCodePoint(c).append(' ');
            } else if (!isDropped(c)) {
                result.appendCodePoint(c);
            }
        });
        return Normalizer.normalize(result, Normalizer.Form.NFC).toLowerCase(Locale.ROOT).strip();
    }

    private static boolean isSpace(int c) {
        return c == '\t' || c == '\n' || c == '\r' || Character.getType(c) == Character.SPACE_SEPARATOR;
    }

    private static boolean isDropped(int c) {
        return c == 0xfffd || switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE, Character.SURROGATE, Character.UNASSIGNED -> true;
            default -> false;
        };
    }

    private static boolean isChinese(int c) {
        return c >= 0x4e00 && c <= 0x9fff || c >= 0x3400 && c <= 0x4dbf || c >= 0x20000 && c <= 0x2ceaf || c >= 0xf900 && c <= 0xfaff
                || c >= 0x2f800 && c <= 0x2fa1f;
    }
}
