package dev.fusedit.trainer.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShellWordsTest {
    @ParameterizedTest
    @DisabledOnOs(OS.WINDOWS)
    @ValueSource(strings = {"my run", "it's", "a\"b", "$HOME", "`date`", "*", "?.png", "~", "{a,b}", "a;b", "a&b", "#a", "!x", "a\\b",
        "a\nb", "é", "", "stages.text.x=[a]", "(a)", "a|b", "<a>"})
    void aShellReadsEachWordBack(String word) throws Exception {
        var process = new ProcessBuilder("sh", "-c", "printf '%s|' " + ShellWords.joined(List.of("before", word, "after"))).start();
        assertThat(new String(process.getInputStream().readAllBytes())).isEqualTo("before|" + word + "|after|");
    }

    @Test
    void plainWordsStayPlain() {
        assertThat(ShellWords.joined(List.of("sample", "--model", "runs/quickstart-2", "--set", "a.b=1e-5")))
                .isEqualTo("sample --model runs/quickstart-2 --set a.b=1e-5");
    }
}
