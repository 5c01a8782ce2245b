package dev.fusedit.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenedTest {
    private final List<String> closed = new ArrayList<>();
    private final Opened opened = new Opened();

    private void add(String part) { assertThat(opened.add(part, closed::add)).isEqualTo(part); }

    private void addBroken(String part) {
        opened.add(part, name -> {
            closed.add(name);
            throw new IllegalStateException(name);
        });
    }

    @Test
    void whatWasOpenedLastIsClosedFirst() {
        add("data");
        add("weights");
        opened.close();
        opened.close();
        assertThat(closed).as("and once").containsExactly("weights", "data");
    }

    @Test
    void allIsClosedWhateverOneOfThemThrows() {
        add("data");
        addBroken("log");
        addBroken("weights");
        assertThatThrownBy(opened::close).hasMessage("weights").satisfies(e -> assertThat(e.getSuppressed()).singleElement()
                .extracting(Throwable::getMessage).isEqualTo("log"));
        assertThat(closed).containsExactly("weights", "log", "data");
    }

    @Test
    void whatWentWrongBeforeIsTold() {
        addBroken("log");
        var wrong = new IllegalArgumentException("the recipe");
        opened.closeBeside(wrong);
        assertThat(wrong.getSuppressed()).singleElement().extracting(Throwable::getMessage).isEqualTo("log");
    }
}
