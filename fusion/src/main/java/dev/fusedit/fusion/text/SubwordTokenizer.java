package dev.fusedit.fusion.text;

import static com.google.common.base.Preconditions.checkArgument;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.fusedit.torch.UserError;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// Any tokenizer that Hugging Face's library saves as one `tokenizer.json`.
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

    /// No deeper than the library reads.
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(100).build()).build();

    private final HuggingFaceTokenizer library;
    private final UnaryOperator<String> cleaned;
    private final int[] before;
    private final int[] after;

    private SubwordTokenizer(HuggingFaceTokenizer library, UnaryOperator<String> cleaned) {
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

    /// Reads a `tokenizer.json`, or CLIP's published list of merges (`bpe_simple_vocab_16e6.txt.gz`).
    ///
    /// @throws UserError if the file is not there or is neither
    public static SubwordTokenizer open(Path file) { return open(file, UnaryOperator.identity()); }

    /// CLIP's tokenizer, from its `tokenizer.json` or its list of merges, with the cleaning that its older class does.
    public static SubwordTokenizer clip(Path file) { return open(file, ClipVocabulary::clean); }

    /// @param cleaned what is done to a text before
    public static SubwordTokenizer open(Path file, UnaryOperator<String> cleaned) {
        try (var in = ClipVocabulary.is(file) ? json(ClipVocabulary.tokenizer(file)) : checked(file)) {
            return new SubwordTokenizer(HuggingFaceTokenizer.newInstance(in, AS_IT_COMES), cleaned);
        } catch (NoSuchFileException e) {
            throw new UserError("%s: no such file".formatted(file), e);
        } catch (IOException e) {
            throw new UserError("%s: cannot be read (%s)".formatted(file, e.getMessage()), e);
        } catch (UserError e) {
            throw e;
        } catch (RuntimeException e) { // the library's complaint of what it was given
            throw new UserError("%s: is no tokenizer.json (%s)".formatted(file, e.getMessage()), e);
        }
    }

    /// The file, if it is JSON: the library ends the whole process at broken JSON in some places.
    private static InputStream checked(Path file) throws IOException {
        try (var parser = JSON.createParser(file.toFile())) {
            while (parser.nextToken() != null) {
                // nothing is kept
            }
        } catch (JsonProcessingException e) {
            throw new UserError("%s: is no tokenizer.json (%s)".formatted(file, e.getOriginalMessage()), e);
        }
        return Files.newInputStream(file);
    }

    private static InputStream json(String text) { return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)); }

    @Override
    public int[] encode(String text, int longest) {
        checkArgument(longest >= before.length + after.length, "%s tokens do not hold the %s around a text", longest,
                before.length + after.length);
        var body = bare(text);
        var room = Math.min(body.length, longest - before.length - after.length);
        return IntStream.concat(IntStream.concat(Arrays.stream(before), Arrays.stream(body, 0, room)), Arrays.stream(after)).toArray();
    }

    /// The ids of a text alone: what a chat template made has its special tokens in it.
    public int[] bare(String text) { return ids(library.encode(cleaned.apply(text), false, false).getIds()); }

    /// A text again, without special tokens.
    public String decode(int... ids) { return library.decode(Arrays.stream(ids).asLongStream().toArray(), true); }

    private static int[] ids(long[] ids) { return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray(); }

    /// Frees the library's memory.
    @Override
    public void close() { library.close(); }
}
