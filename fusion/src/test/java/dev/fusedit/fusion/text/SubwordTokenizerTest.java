package dev.fusedit.fusion.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.util.Ec2Utils;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubwordTokenizerTest {
    @TempDir
    private Path folder;

    /// Words between blanks, begin and end of text around them; with padding and truncation of its own, which must not count.
    private Path words() throws IOException {
        return Files.writeString(folder.resolve("tokenizer.json"), """
                {"version": "1.0",
                 "truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0},
                 "padding": {"strategy": {"Fixed": 9}, "direction": "Left", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0,
                             "pad_token": "<pad>"},
                 "added_tokens": [
                  {"id": 1, "content": "<eos>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
                  {"id": 2, "content": "<bos>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
                 "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"},
                 "post_processor": {"type": "TemplateProcessing",
                  "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                             {"SpecialToken": {"id": "<eos>", "type_id": 0}}],
                  "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                  "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]},
                                     "<eos>": {"id": "<eos>", "ids": [1], "tokens": ["<eos>"]}}},
                 "decoder": null,
                 "model": {"type": "WordLevel", "unk_token": "<unk>",
                           "vocab": {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<unk>": 3, "a": 4, "red": 5, "cat": 6, "draw": 7}}}""");
    }

    @Test
    void tokensAroundATextSurviveACut() throws IOException {
        try (var tokenizer = SubwordTokenizer.open(words())) {
            assertThat(tokenizer.encode("a red cat")).containsExactly(2, 4, 5, 6, 1);
            assertThat(tokenizer.encode("a red cat", 4)).containsExactly(2, 4, 5, 1);
            assertThat(tokenizer.encode("", 2)).containsExactly(2, 1);
            assertThat(tokenizer.bare("a <bos> dog")).containsExactly(4, 2, 3);
            assertThat(tokenizer.decode(2, 4, 5, 6, 1)).isEqualTo("a red cat");
            assertThatThrownBy(() -> tokenizer.encode("a", 1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void anInstructionDoesNotCountTowardsThePrompt() throws IOException {
        try (var tokenizer = SubwordTokenizer.open(words())) {
            assertThat(new Instruction("draw ").encode(tokenizer, "a red cat", 4)).containsExactly(2, 7, 4, 5, 6, 1);
            assertThat(Instruction.NONE.encode(tokenizer, "a red cat", 5)).containsExactly(2, 4, 5, 6, 1);
        }
        var bosOnly = WordTokenizer.of(List.of("draw", "a", "red", "cat"));
        assertThat(new Instruction("draw ").encode(bosOnly, "a red cat", 3)).containsExactly(2, 4, 5, 6);
        assertThat(Instruction.NONE.encode(bosOnly, "a red cat", 3)).containsExactly(2, 5, 6);
    }

    @Test
    void clipsListOfMergesIsATokenizer() throws IOException {
        var file = folder.resolve("merges.txt.gz");
        try (var out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write("#version\nc a\nca t</w>\nr e\nre d</w>\n".getBytes(StandardCharsets.UTF_8));
        }
        try (var tokenizer = SubwordTokenizer.clip(file)) { // 512 letters, 4 merges, begin and end
            assertThat(tokenizer.encode("RED\u200b  cat\u0007")).containsExactly(516, 515, 513, 517);
            assertThat(tokenizer.encode("red cat red", 4)).containsExactly(516, 515, 513, 517);
        }
    }

    @Test
    void whatIsNoTokenizerIsNamed() throws IOException {
        assertThatThrownBy(() -> SubwordTokenizer.open(folder.resolve("none.json"))).isInstanceOf(UserError.class)
                .hasMessageContaining("none.json: no such file");
        for (var text : List.of("{}", "{\"model\": {\"type\": \"BPE\"}}")) {
            var file = Files.writeString(folder.resolve("bad.json"), text);
            assertThatThrownBy(() -> SubwordTokenizer.open(file)).as(text).isInstanceOf(UserError.class)
                    .hasMessageContaining("bad.json: is no tokenizer.json");
        }
        for (var text : List.of("", "{", "[1]", "\0\1\2")) {
            var file = Files.writeString(folder.resolve("bad.json"), text);
            assertThatThrownBy(() -> SubwordTokenizer.open(file)).as(text).isInstanceOf(UserError.class)
                    .hasMessageStartingWith(file + ":").hasMessageEndingWith("Give a file that Hugging Face's tokenizers saved");
        }
    }

    /// Java asks for a proxy before it connects anywhere, and the kernel shows what a process holds open.
    @Test
    void noSocketIsOpened() throws IOException {
        var asked = new ArrayList<URI>();
        var usual = ProxySelector.getDefault();
        ProxySelector.setDefault(new ProxySelector() {
            @Override
            public List<Proxy> select(URI uri) {
                asked.add(uri);
                return List.of(Proxy.NO_PROXY);
            }

            @Override
            public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
        });
        try {
            var before = sockets();
            try (var tokenizer = SubwordTokenizer.open(words())) {
                tokenizer.encode("a red cat");
                Ec2Utils.callHome("Huggingface"); // what the library does where it may
            }
            assertThat(asked).isEmpty();
            assertThat(sockets()).isEqualTo(before);
            assertThatThrownBy(() -> new Socket("127.0.0.1", 1).close()).isInstanceOf(IOException.class);
            assertThat(asked).as("a socket would have been seen").hasSize(1);
        } finally {
            ProxySelector.setDefault(usual);
        }
    }

    private static long sockets() throws IOException {
        var open = Path.of("/proc/self/fd");
        if (!Files.isDirectory(open)) {
            return 0;
        }
        try (var links = Files.list(open)) {
            return links.filter(SubwordTokenizerTest::isSocket).count();
        }
    }

    private static boolean isSocket(Path link) {
        try {
            return Files.readSymbolicLink(link).toString().startsWith("socket:");
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }

    /// The library behind would end the process.
    @Test
    void brokenJsonInADecoderIsRefused(@TempDir Path folder) throws IOException {
        var file = Files.writeString(folder.resolve("tokenizer.json"), "{\"version\": \"1.0\", \"decoder\": {\"type\": \"x\", [}}");
        assertThatThrownBy(() -> SubwordTokenizer.open(file)).isInstanceOf(UserError.class)
                .hasMessageStartingWith(file + ":1:45: is not valid JSON");
    }
}
