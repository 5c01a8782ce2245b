package dev.fusedit.fusion.text;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Any bytes as a `tokenizer.model` make tokens of any text, or are refused by a `UserError` that names the file.
class SentencePieceFuzzTest {
    private static final Path FOLDER = TokenizerFuzzTest.folder("tokenizer.model");

    static Stream<byte[]> seeds() throws IOException {
        try (var in = SentencePieceFuzzTest.class.getResourceAsStream("slow/gemma/tokenizer.model")) {
            return Stream.of(in.readAllBytes(), small(), new byte[0], new byte[] {0x0a, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f});
        }
    }

    /// Few pieces without those of bytes, so that a change is soon in something that counts.
    static byte[] small() {
        var out = new ByteArrayOutputStream();
        String[] pieces = {"<unk>", "<bos>", "<eos>", "<pad>", "\n", "▁", "a", "c", "t", "at", "▁c", "▁cat"};
        for (int i = 0; i < pieces.length; i++) {
            var text = pieces[i].getBytes(StandardCharsets.UTF_8);
            out.writeBytes(new byte[] {0x0a, (byte) (text.length + 9), 0x0a, (byte) text.length});
            out.writeBytes(text);
            out.write(0x15);
            out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(-i).array());
            out.writeBytes(new byte[] {0x18, (byte) (i == 0 ? 2 : i < 4 ? 3 : i == 4 ? 4 : 1)});
        }
        out.writeBytes(new byte[] {0x12, 2, 0x18, 2, 0x1a, 6, 0x18, 0, 0x20, 0, 0x28, 1});
        return out.toByteArray();
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "5m")
    void anyBytes(byte[] data) throws IOException {
        Files.write(FOLDER.resolve("tokenizer.model"), data);
        TokenizerFuzzTest.use(FOLDER);
    }
}
