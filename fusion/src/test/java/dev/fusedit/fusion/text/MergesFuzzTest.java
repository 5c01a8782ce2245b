package dev.fusedit.fusion.text;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.params.provider.MethodSource;

/// Any list of merges of CLIP's, packed or broken, or with any `vocab.json`, makes tokens of any text, or is refused by a `UserError`
/// that names the file.
class MergesFuzzTest {
    private static final Path FOLDER = TokenizerFuzzTest.folder("list.txt.gz", "vocab.json", "merges.txt", "tokenizer_config.json");
    private static final byte PART = '~';

    /// The first letter says what the rest is: a list to be packed, a packed list, or the files of a folder.
    static Stream<byte[]> seeds() {
        return Stream.of("l#version\nc a\nca t</w>\nr e\nre d</w>\n", "g\u001f\u008b\b", "g\u001f\u008b\b\0\0\0\0\0\0\u0003",
                "f{\"a\": 0, \"c\": 1, \"t</w>\": 2, \"at</w>\": 3, \"cat</w>\": 4, \"<|startoftext|>\": 5, \"<|endoftext|>\": 6}~"
                        + "#version: 0.2\na t</w>\nc at</w>\n~{}",
                "f{\"a\": 0, \"<|endoftext|>\": 6}~#version: 0.2\na t</w>~{\"tokenizer_class\": \"CLIPTokenizer\", \"bos_token\": "
                        + "{\"content\": \"a\"}, \"additional_special_tokens\": [\"b\"], \"added_tokens_decoder\": {\"7\": {\"content\": \"x\", "
                        + "\"lstrip\": true, \"rstrip\": true, \"normalized\": false, \"single_word\": true, \"special\": true}}}")
                .map(text -> text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyBytes(byte[] data) throws IOException {
        var rest = data.length == 0 ? data : Arrays.copyOfRange(data, 1, data.length);
        var list = FOLDER.resolve("list.txt.gz");
        switch (data.length == 0 ? 'g' : data[0]) {
            case 'l' -> {
                try (var out = new GZIPOutputStream(Files.newOutputStream(list))) {
                    out.write(rest);
                }
                TokenizerFuzzTest.use(list);
            }
            case 'f' -> {
                Files.write(FOLDER.resolve("vocab.json"), part(rest, 0));
                Files.write(FOLDER.resolve("merges.txt"), part(rest, 1));
                Files.write(FOLDER.resolve("tokenizer_config.json"), part(rest, 2));
                TokenizerFuzzTest.use(FOLDER);
            }
            default -> {
                Files.write(list, rest);
                TokenizerFuzzTest.use(list);
            }
        }
    }

    private static byte[] part(byte[] data, int number) {
        int from = 0;
        for (int i = 0; i < data.length && number > 0; i++) {
            if (data[i] == PART) {
                number--;
                from = i + 1;
            }
        }
        int to = from;
        while (to < data.length && data[to] != PART) {
            to++;
        }
        return number > 0 ? new byte[0] : Arrays.copyOfRange(data, from, to);
    }
}
