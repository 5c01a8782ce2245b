package dev.fusedit.trainer.recipe.binding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusedit.torch.io.NearMisses;
import dev.fusedit.trainer.recipe.Model;
import java.util.List;
import org.junit.jupiter.api.Test;

class NamesTest {
    private static final List<String> KNOWN = List.of("joint", "cross", "adaln-zero", "adaln-single");

    @Test
    void severalAreTold() {
        assertThat(Names.suggestion("adaln", KNOWN)).isEqualTo(" Did you mean 'adaln-zero'? Or 'adaln-single'?");
        assertThat(Names.meant("adaln", KNOWN)).isEmpty();
        assertThat(Names.suggestion("colour", List.of("a", "b"))).isEqualTo(" Known: a, b.");
        assertThat(Names.suggestion("colour", List.of())).isEmpty();
    }

    /// Every word of a recipe's variants is found again by its first and by its last piece, but for what is another word's own name.
    @Test
    void everyPieceLeadsToItsWord() {
        for (var sealed : List.of(Model.Fusion.class, Model.Positions.class)) {
            var words = Names.variants(sealed).keySet();
            for (var word : words) for (var piece : word.split("-"))
                assertThat(words.contains(piece) || piece.length() < 2 || NearMisses.of(piece, words).contains(word)).as(piece).isTrue();
        }
    }
}
