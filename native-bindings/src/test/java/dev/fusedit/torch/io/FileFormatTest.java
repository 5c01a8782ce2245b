package dev.fusedit.torch.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.io.BaseEncoding;
import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FileFormatTest {
    @TempDir
    private Path folder;

    private static FileFormat of(String text, Charset charset) { return FileFormat.of(text.getBytes(charset)); }

    private static FileFormat of(String text) { return of(text, UTF_8); }

    @ParameterizedTest
    @CsvSource({"47475546 03000000, GGUF", "28b52ffd 00, ZSTD", "504b0304 1400, ZIP", "504b0506 0000, ZIP", "8002 8a0a, PICKLE",
        "8005 95, PICKLE",
        "1f8b 0800, GZIP", "425a6839 31, BZIP2", "425a6861 31, TEXT", "fd377a585a00, XZ", "04224d18 00, LZ4", "89504e470d0a1a0a 00, PNG",
        "ffd8ffe0 00, JPEG",
        "474946383961, GIF", "52494646 00000000 57454250, WEBP", "00000020 66747970 61766966, AVIF", "424d 36000000 00000000 36, BMP",
        "50415231 15, PARQUET",
        "4152524f5731 0000, ARROW", "894844460d0a1a0a, HDF5", "934e554d5059 0100, NUMPY", "0a0e 0a053c756e6b3e 15, SENTENCEPIECE",
        "255044462d, PDF",
        "7f454c46 02, PROGRAM", "0200000000000000 7b7d, SAFETENSORS", "0280000000000000 7b22, SAFETENSORS",
        "504b030400000000 7b22, SAFETENSORS", "010203, UNKNOWN",
        "fffe 6100, UTF16", "feff 0061, UTF16", "fffe0000 61000000, UTF32", "efbbbf 61, TEXT", "80, LATIN1"})
    void magicNumbersAreKnown(String hex, FileFormat format) {
        var bytes = BaseEncoding.base16().lowerCase().decode(hex.replace(" ", ""));
        assertThat(FileFormat.of(bytes)).isEqualTo(format);
    }

    @Test
    void aTarIsKnownByItsMark() {
        var tar = new byte[1024];
        System.arraycopy("0001.jpg".getBytes(UTF_8), 0, tar, 0, 8);
        System.arraycopy("ustar".getBytes(UTF_8), 0, tar, 257, 5);
        assertThat(FileFormat.of(tar)).isEqualTo(FileFormat.TAR);
    }

    @Test
    void pointersPagesAndTextsAreKnown() {
        assertThat(FileFormat.of(new byte[0])).isEqualTo(FileFormat.EMPTY);
        assertThat(of("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")).isEqualTo(FileFormat.GIT_LFS_POINTER);
        assertThat(of("# xet version 0\nfilesize = 9\nhash = '0'\n")).isEqualTo(FileFormat.XET_POINTER);
        assertThat(of("/annex/objects/SHA256E-s9--0.safetensors\n")).isEqualTo(FileFormat.ANNEX_POINTER);
        assertThat(of("../.git/annex/objects/x/y\n")).isEqualTo(FileFormat.ANNEX_POINTER);
        assertThat(of("\n<!DOCTYPE html>\n<html lang=en>")).isEqualTo(FileFormat.HTML);
        assertThat(of("<!-- cached --> <HTML><head>")).isEqualTo(FileFormat.HTML);
        assertThat(of("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>")).isEqualTo(FileFormat.XML);
        assertThat(of("{\"error\": \"Repository not found\"}")).isEqualTo(FileFormat.JSON);
        assertThat(of(" [1, 2]")).isEqualTo(FileFormat.JSON);
        assertThat(of("# a recipe\n\nrun:\n  name: x\n")).isEqualTo(FileFormat.YAML);
        assertThat(of("---\nrun: 1\n")).isEqualTo(FileFormat.YAML);
        assertThat(of("a red circle\n")).isEqualTo(FileFormat.TEXT);
        assertThat(of("a café, 画\n")).isEqualTo(FileFormat.TEXT);
        assertThat(of("a café\n", ISO_8859_1)).isEqualTo(FileFormat.LATIN1);
        assertThat(of("a café\n", UTF_16)).isEqualTo(FileFormat.UTF16);
        assertThat(of("a red circle\n", UTF_16LE)).isEqualTo(FileFormat.UTF16);
        assertThat(FileFormat.of("é".repeat(3000).getBytes(UTF_8))).isEqualTo(FileFormat.TEXT);
        assertThat(FileFormat.of(("a" + "é".repeat(3000)).getBytes(UTF_8))).as("cut in a letter").isEqualTo(FileFormat.TEXT);
    }

    /// What is recognised never opens as tensors, whatever its name, and is called what it is.
    @ParameterizedTest
    @CsvSource({"GIT_LFS_POINTER,version https://git-lfs.github.com/spec/v1", "HTML,<!DOCTYPE html>", "XET_POINTER,# xet version 0",
        "ANNEX_POINTER,/annex/objects/x", "XML,<?xml version=1?>", "GIF,GIF89a", "PARQUET,PAR1abcdefgh"})
    void whatIsNoFileOfTensorsIsCalledWhatItIs(FileFormat format, String text) throws IOException {
        for (var name : new String[] {"model.safetensors", "model.pt", "model.gguf", "pytorch_model.bin"}) {
            var file = Files.write(folder.resolve(name), (text + "\n").getBytes(UTF_8));
            assertThatThrownBy(() -> TensorFiles.open(file)).isInstanceOf(UserError.class)
                    .hasMessageStartingWith(file + ": is " + format.phrase() + ", not a file of tensors");
            assertThatThrownBy(() -> SafeTensors.open(file)).isInstanceOf(UserError.class)
                    .hasMessageStartingWith(file + ": is " + format.phrase() + ", not a safetensors file");
            assertThatThrownBy(() -> GgufFile.open(file)).isInstanceOf(UserError.class)
                    .hasMessageStartingWith(file + ": is " + format.phrase() + ", not a GGUF file");
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyFormatHasAPhraseAndARemedy(FileFormat format) {
        assertThat(format.insteadOf("a recipe", "x")).hasMessageMatching("(?s)x: is .+, not a recipe\\. [A-Z].+[^.]");
    }

    @Test
    void textsAreReadInUtf8AndElseCalledWhatTheyAre() throws IOException {
        var file = folder.resolve("prompts.txt");
        Files.write(file, "\ufeffa café\n画\n".getBytes(UTF_8));
        assertThat(TextFile.lines(file, "prompts")).containsExactly("a café", "画");
        Files.write(file, "a circle\r\na café\n".getBytes(ISO_8859_1));
        refused(file, ":2: the byte E9 is not UTF-8 (in Latin-1 it is 'é'). Save the file in UTF-8: iconv -f LATIN1 -t UTF-8");
        Files.write(file, (" ".repeat(5000) + "\né").getBytes(ISO_8859_1));
        refused(file, ":2: the byte E9 is not UTF-8");
        for (var charset : new Charset[] {UTF_16, UTF_16LE, Charset.forName("x-UTF-16LE-BOM")}) {
            Files.write(file, "a red circle\na café\n".getBytes(charset));
            refused(file, ": is a text in UTF-16, not prompts in UTF-8. Save it in UTF-8: iconv -f UTF-16 -t UTF-8");
        }
        Files.write(file, Arrays.copyOf(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, 100));
        refused(file, ": is an image (PNG), not prompts");
        Files.write(file, "a red\0circle".getBytes(UTF_8));
        refused(file, ": is of no kind that is known here, not prompts");
        assertThatThrownBy(() -> TextFile.read(folder, "prompts")).hasMessage(folder + ": is a folder, not prompts");
        assertThatThrownBy(() -> TextFile.read(folder.resolve("none"), "prompts")).hasMessageEndingWith("none: no such file");
    }

    private static void refused(Path file, String sentence) {
        assertThatThrownBy(() -> TextFile.read(file, "prompts")).isInstanceOf(UserError.class).hasMessageStartingWith(file + sentence);
    }
}
