package dev.fusedit.fusion.text;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fusedit.torch.UserError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/// CLIP's tokenizer from its published list of merges: 256 bytes, the same at a word's end, the merges, begin and end of text.
final class ClipVocabulary {
    private static final int MERGES = 48_894;
    private static final String WORD_END = "</w>";
    private static final String BEGIN = "<|startoftext|>";
    private static final String END = "<|endoftext|>";
    private static final String WORDS =
            "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
    private static final JsonMapper JSON = new JsonMapper();

    private ClipVocabulary() {}

    /// True for a list of merges, false for anything else.
    static boolean is(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return in.read() == 0x1f && in.read() == 0x8b;
        }
    }

    /// The `tokenizer.json` of such a list.
    static String tokenizer(Path file) throws IOException {
        var merges = merges(file);
        var root = JSON.createObjectNode().put("version", "1.0");
        var words = new ArrayList<String>();
        bytes().forEach(words::add);
        bytes().forEach(letter -> words.add(letter + WORD_END));
        merges.forEach(merge -> words.add(merge.replace(" ", "")));
        addSpecial(root, words.size(), BEGIN);
        addSpecial(root, words.size() + 1, END);
        normalizer(root.putObject("normalizer").put("type", "Sequence"));
        splitter(root.putObject("pre_tokenizer").put("type", "Sequence"));
        var around =
                root.putObject("post_processor").put("type", "RobertaProcessing").put("trim_offsets", false).put("add_prefix_space", false);
        around.putArray("sep").add(END).add(words.size() + 1);
        around.putArray("cls").add(BEGIN).add(words.size());
        root.putObject("decoder").put("type", "ByteLevel").put("add_prefix_space", true).put("trim_offsets", true).put("use_regex", true);
        model(root.putObject("model"), words, merges);
        return root.toString();
    }

    private static List<String> merges(Path file) throws IOException {
        try (var reader =
                new BufferedReader(new InputStreamReader(new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
            var merges = reader.lines().skip(1).limit(MERGES).toList();
            if (merges.isEmpty() || merges.stream().anyMatch(merge -> merge.split(" ", -1).length != 2)) {
                throw new UserError("%s: is no list of merges, two parts a line".formatted(file));
            }
            return merges;
        }
    }

    private static void addSpecial(ObjectNode root, int id, String content) {
        root.withArray("/added_tokens").addObject().put("id", id).put("content", content).put("single_word", false).put("lstrip", false)
                .put("rstrip", false).put("normalized", content.equals(BEGIN)).put("special", true);
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

    private static void model(ObjectNode model, List<String> words, List<String> merges) {
        model.put("type", "BPE").put("unk_token", END).put("continuing_subword_prefix", "").put("end_of_word_suffix", WORD_END)
                .put("fuse_unk", false).put("byte_fallback", false);
        var vocabulary = model.putObject("vocab");
        for (int id = 0; id < words.size(); id++) {
            vocabulary.put(words.get(id), id);
        }
        vocabulary.put(BEGIN, words.size()).put(END, words.size() + 1);
        merges.forEach(model.putArray("merges")::add);
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
