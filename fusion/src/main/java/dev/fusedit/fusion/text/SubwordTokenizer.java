package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.NearFiles;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// Any tokenizer that Hugging Face's library saves as one `tokenizer.json`, and a Gemma's or CLIP's in its older form.
///
/// What the file says of padding and truncation does not count: padding is on the right here, and the tokens around a text survive a cut.
/// The library behind it reports its use to its makers unless told not to, and may fetch natives; it is told before it loads.
public final class SubwordTokenizer implements Tokenizer, AutoCloseable {
    static {
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("RUST_FLAVOR", "cpu"); // the one in the jar
    }

    private static final Map<String, String> AS_IT_COMES = Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "true");
    private static final String WHOLE = "tokenizer.json";
    private static final Pattern HALF_CHARACTER = Pattern.compile("\\p{Cs}");

    private final Path file;
    private final int longest;
    private final HuggingFaceTokenizer library;
    private final UnaryOperator<String> cleaned;
    private final int[] before;
    private final int[] after;

    private SubwordTokenizer(Path file, int longest, HuggingFaceTokenizer library, UnaryOperator<String> cleaned) {
        this.file = file;
        this.longest = longest;
        this.library = library;
        this.cleaned = cleaned;
        var around = library.encode("a");
        var special = around.getSpecialTokenMask();
        var ids = ids(around.getIds());
        int first = 0, last = ids.length;
        while (first < ids.length && special[first] != 0) {
            first++;
        }
        while (last > first && special[last - 1] != 0) {
            last--;
        }
        before = Arrays.copyOfRange(ids, 0, first);
        after = Arrays.copyOfRange(ids, last, ids.length);
    }

    /// Reads a `tokenizer.json`, CLIP's published list of merges (`bpe_simple_vocab_16e6.txt.gz`), or a folder that a class of
    /// transformers saved: with a `tokenizer.json`, or as the slow classes do, a Gemma's `tokenizer.model`, a CLIP's `vocab.json` and
    /// `merges.txt`.
    ///
    /// @throws UserError if the file is not there or is none of these
    public static SubwordTokenizer open(Path file) { return open(file, UnaryOperator.identity()); }

    /// CLIP's tokenizer, from its `tokenizer.json` or its list of merges, with the cleaning that its older class does.
    public static SubwordTokenizer clip(Path file) { return open(file, ClipVocabulary::clean); }

    /// The JSON of a `tokenizer.json` as it counts with the `tokenizer_config.json` beside it: what reads back alike without that.
    ///
    /// @throws UserError if one is broken, or the two do not agree
    public static PackedText text(Path file) throws IOException { return TokenizerSettings.text(file); }

    /// @param cleaned what is done to a text before
    public static SubwordTokenizer open(Path file, UnaryOperator<String> cleaned) {
        try {
            var json = json(file);
            checkNormalized(json);
            var library = library(json.utf8());
            try {
                return new SubwordTokenizer(file, json.longest(), library, cleaned);
            } catch (RuntimeException e) {
                library.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw new UserError("%s: no such file%s".formatted(file, NearFiles.hint(file)), e);
        } catch (IOException e) {
            throw new UserError("%s: cannot be read (%s)".formatted(file, e.getMessage()), e);
        } catch (UserError e) {
            throw e;
        } catch (RuntimeException e) { // the library's complaint of what it was given
            throw new UserError("%s: is no tokenizer.json (%s)".formatted(file, e.getMessage()), e);
        }
    }

    private static HuggingFaceTokenizer library(byte[] json) throws IOException {
        TokenizerNatives.load();
        return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), AS_IT_COMES);
    }

    private static void checkNormalized(TokenizerJson json) throws IOException {
        if (!json.normalized().isEmpty()) {
            try (var normalizer = library(json.normalizer().getBytes(StandardCharsets.UTF_8))) {
                json.normalized().forEach(token -> checkArgument(normalizer.encode(token).getIds().length > 0,
                        "nothing is left of the added token '%s' once it is normalized", token));
            }
        }
    }

    private static TokenizerJson json(Path file) throws IOException {
        if (!Files.isDirectory(file)) {
            return ClipVocabulary.is(file) ? ClipVocabulary.tokenizer(file) : TokenizerJson.read(file);
        } else if (Files.isRegularFile(file.resolve(WHOLE))) {
            return TokenizerJson.read(file.resolve(WHOLE));
        } else if (Files.isRegularFile(file.resolve(GemmaVocabulary.FILE))) {
            return GemmaVocabulary.tokenizer(file);
        } else if (Files.isRegularFile(file.resolve(ClipVocabulary.VOCABULARY))
                && Files.isRegularFile(file.resolve(ClipVocabulary.LIST))) {
                    return ClipVocabulary.saved(file);
                }
        throw new UserError(
                ("%s: has no tokenizer.json, no tokenizer.model, and no vocab.json with a merges.txt. Put the tokenizer.json of "
                        + "the model that it is of into this folder").formatted(file));
    }

    @Override
    public int[] encode(String text, int longest) {
        checkArgument(longest >= before.length + after.length, "%s tokens do not hold the %s around a text", longest,
                before.length + after.length);
        var body = bare(text);
        var room = Math.min(body.length, longest - before.length - after.length);
        return IntStream.concat(IntStream.concat(Arrays.stream(before), Arrays.stream(body, 0, room)), Arrays.stream(after)).toArray();
    }

    /// The ids of a text alone: what a chat template made has its special tokens in it. Half a character becomes U+FFFD.
    ///
    /// @throws UserError if the text is too long for what the file does to texts, which is seldom below some ten thousand characters
    public int[] bare(String text) {
        var whole = HALF_CHARACTER.matcher(cleaned.apply(text)).replaceAll("\ufffd");
        if (whole.length() > longest) {
            throw new UserError("%s: takes texts of up to %d characters, not %d".formatted(file, longest, whole.length()));
        }
        try {
            return ids(library.encode(whole, false, false).getIds());
        } catch (RuntimeException e) {
            throw new UserError("%s: cannot make tokens of this text (%s)".formatted(file, e.getMessage()), e);
        }
    }

    /// A text again, without special tokens.
    public String decode(int... ids) { return library.decode(Arrays.stream(ids).asLongStream().toArray(), true); }

    private static int[] ids(long[] ids) { return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray(); }

    /// Frees the library's memory.
    @Override
    public void close() { library.close(); }
}
