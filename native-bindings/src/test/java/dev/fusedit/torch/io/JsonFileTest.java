package dev.fusedit.torch.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonFileTest {
    private static final String REMEDY = "Write it anew";

    @TempDir
    private Path folder;

    record Point(int x, double y) {}

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(UserError.class).hasMessageStartingWith(message).hasMessageEndingWith(". " + REMEDY);
    }

    @Test
    void whatIsThereIsRead() throws IOException {
        var file = Files.writeString(folder.resolve("a.json"), "{\"a\": [1, 2.5]}\n");
        assertThat(JsonFile.object(file, REMEDY).path("a").path(1).doubleValue()).isEqualTo(2.5);
        assertThat(JsonFile.read(Files.writeString(file, "[1]"), REMEDY).isArray()).isTrue();
        assertThat(JsonFile.record("{\"y\": 2, \"x\": 1}", "p", Point.class, REMEDY)).isEqualTo(new Point(1, 2));
    }

    @Test
    void aFileThatCannotBeReadIsToldFromAWrongOne() {
        var missing = folder.resolve("missing.json");
        refused(() -> JsonFile.read(missing, REMEDY), missing + ": no such file");
        refused(() -> JsonFile.read(folder, REMEDY), folder + ": is a folder");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
        "{\"a\": 1,; \"b\": }|:2:7: is not valid JSON: Unexpected character ('}'",
        "{\"a\": Infinity}|:1:15: is not valid JSON: Infinity, which Python writes, is no number in JSON: put one there that is meant, or leave the field out",
        "{\"a\": [0.5,; -Infinity]}|:2:11: is not valid JSON: -Infinity, which Python writes,",
        "{\"a\": NaN}|:1:10: is not valid JSON: NaN, which Python writes,",
        "{\"a\": +1}|:1:8: is not valid JSON: Unexpected character ('+' (code 43)) in numeric value: JSON spec does not allow numbers to have plus signs. ",
        "// a comment;{}|:1:1: is not valid JSON: Unexpected character ('/' (code 47)): maybe a (non-standard) comment?. ",
        "{\"a\": 1|:1:8: is not valid JSON: Unexpected end-of-input: expected close marker for Object. ",
        "{\"a\": 1,;;|:3:1: is not valid JSON: Unexpected end-of-input",
        "{\"a\": 1, \"a\": 2}|:1:13: is not valid JSON: Duplicate field 'a'",
        "{} {}|:1:4: is not valid JSON: more follows the value",
        "|: is empty",
        "[1, 2]|: must be a JSON object, but is a list",
        "null|: must be a JSON object, but is null"})
    void whatIsWrongIsSaidWithItsPlace(String text, String message) throws IOException {
        var file = Files.writeString(folder.resolve("a.json"), text == null ? "" : text.replace(';', '\n'));
        refused(() -> JsonFile.object(file, REMEDY), file + message);
    }

    @Test
    void aLineIsNamedByItsNumber() {
        refused(() -> JsonFile.line("{\"a\": }", Path.of("rows.jsonl"), 17, REMEDY), "rows.jsonl:17:7: is not valid JSON");
    }

    @Test
    void aRecordHasAllFieldsAndNoOther() {
        refused(() -> JsonFile.record("{\"x\": 1}", "p", Point.class, REMEDY), "p: y is missing");
        refused(() -> JsonFile.record("{\"x\": 1, \"y\": 1, \"z\": 1}", "p", Point.class, REMEDY), "p: z is no field of it");
        refused(() -> JsonFile.record("{\"x\": \"one\", \"y\": 1}", "p", Point.class, REMEDY), "p: x has a wrong value, \"one\"");
    }

    @Test
    void nestingIsBounded() {
        refused(() -> JsonFile.object("{\"a\":" + "[".repeat(200) + "]".repeat(200) + "}", "deep", REMEDY),
                "deep: is not read: Document nesting depth (101) exceeds the maximum allowed (100). ");
        refused(() -> JsonFile.object("{\"a\": " + "1".repeat(2000) + "}", "long", REMEDY),
                "long: is not read: Number value length (2000) exceeds the maximum allowed (1000). ");
    }

    @Test
    void whatIsNotJsonIsCalledWhatItIs() throws IOException {
        var file = folder.resolve("config.json");
        Files.writeString(file, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        assertThatThrownBy(() -> JsonFile.read(file, REMEDY)).isInstanceOf(UserError.class)
                .hasMessageStartingWith(file + ": is a Git LFS pointer").hasMessageContaining("not a JSON file. Run 'git lfs pull'");
        Files.writeString(file, "<!DOCTYPE html>\n<html></html>\n");
        assertThatThrownBy(() -> JsonFile.read(file, REMEDY)).hasMessageStartingWith(file + ": is a web page (HTML), not a JSON file");
        Files.write(file, "{\"name\": \"café\"}".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> JsonFile.read(file, REMEDY)).hasMessageStartingWith(file + ": is a text in an 8-bit encoding");
    }

    /// Nothing of the library's Java is in a sentence.
    @ParameterizedTest
    @ValueSource(strings = {"{", "{\"a\": ", "{'a': 1}", "{\"a\": True}", "{\"a\": +INF}", "{\"a\": 01}", "{\"a\": .5}", "[1,,2]",
        "{\"a\": \"\\x\"}", "#",
        "{\"a\": \"\t\"}", "\u0001", "/* */ {}", "{} {}", "{\"a\":1,\"a\":1}"})
    void sentencesAreForPeople(String text) throws IOException {
        var file = Files.writeString(folder.resolve("a.json"), text);
        assertThatThrownBy(() -> JsonFile.read(file, REMEDY)).isInstanceOf(UserError.class).message()
                .doesNotContain("REDACTED", "Feature", "Stream", "`", "ALLOW", "Source:");
    }
}
