package dev.fusedit.trainer.data.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

class BlocksPromptsTest {
    @Test
    void eachSetHas48DifferentPromptsOfEachKindAndSharesNone() {
        var texts = new HashSet<String>();
        for (var split : new Split[] {Split.SEEN, Split.HELDOUT, Split.PARAPHRASE}) {
            var prompts = BlocksPrompts.of(split);
            for (var kind : Kind.values()) assertThat(prompts.stream().filter(prompt -> prompt.kind() == kind)).hasSize(48);
            prompts.forEach(prompt -> assertThat(texts.add(prompt.text())).as(prompt.text()).isTrue());
        }
    }

    @Test
    void heldoutNamesAHeldOutPairAndSeenNeverDoes() {
        assertThat(BlocksPrompts.of(Split.HELDOUT)).allMatch(prompt -> prompt.claim().things().stream().anyMatch(Thing::isHeldOut));
        assertThat(BlocksPrompts.of(Split.SEEN)).noneMatch(prompt -> prompt.claim().things().stream().anyMatch(Thing::isHeldOut));
    }

    @Test
    void paraphrasesHaveAWordKnownFromTextOnly() {
        assertThat(BlocksPrompts.of(Split.PARAPHRASE))
                .allMatch(prompt -> Splitter.on(' ').splitToStream(prompt.text()).anyMatch(Words.TEXT_ONLY::contains));
        assertThat(BlocksPrompts.of(Split.PARAPHRASE)).noneMatch(prompt -> prompt.claim().things().stream().anyMatch(Thing::isHeldOut));
    }

    @Test
    void seenAsksForEveryColorAndShapeInEveryKindThatNamesThem() {
        for (var kind : Kind.values()) {
            var things =
                    BlocksPrompts.of(Split.SEEN).stream().filter(p -> p.kind() == kind).flatMap(p -> p.claim().things().stream()).toList();
            if (kind != Kind.SINGLE && kind != Kind.TWO) assertThat(things.stream().map(Thing::color).distinct()).hasSize(6);
            if (kind != Kind.COLORS) assertThat(things.stream().map(Thing::shape).distinct()).hasSize(4);
        }
    }
}
