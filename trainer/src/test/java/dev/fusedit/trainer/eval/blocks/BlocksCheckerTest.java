package dev.fusedit.trainer.eval.blocks;

import static dev.fusedit.trainer.data.blocks.BlockColor.BLUE;
import static dev.fusedit.trainer.data.blocks.BlockColor.GREEN;
import static dev.fusedit.trainer.data.blocks.BlockColor.RED;
import static dev.fusedit.trainer.data.blocks.BlockShape.CIRCLE;
import static dev.fusedit.trainer.data.blocks.BlockShape.CROSS;
import static dev.fusedit.trainer.data.blocks.BlockShape.SQUARE;
import static dev.fusedit.trainer.data.blocks.BlockShape.TRIANGLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.blocks.BlockColor;
import dev.fusedit.trainer.data.blocks.BlockShape;
import dev.fusedit.trainer.data.blocks.Claim;
import dev.fusedit.trainer.data.blocks.Drawing;
import dev.fusedit.trainer.data.blocks.Relation;
import dev.fusedit.trainer.data.blocks.Scene;
import dev.fusedit.trainer.data.blocks.Scene.Block;
import dev.fusedit.trainer.data.blocks.Scene.Rgb;
import dev.fusedit.trainer.data.blocks.Thing;
import org.junit.jupiter.api.Test;

class BlocksCheckerTest {
    private static final Thing RED_CIRCLE = Thing.of(RED, CIRCLE);
    private static final Thing BLUE_SQUARE = Thing.of(BLUE, SQUARE);

    private static Block block(BlockColor color, BlockShape shape, double x, double y, double diameter) {
        var paint = new Rgb(color.channel(0), color.channel(1), color.channel(2));
        return new Block(color, shape, (int) (16 * x), (int) (16 * y), (int) (16 * diameter), paint);
    }

    private static byte[] draw(Block... blocks) { return Drawing.draw(new Scene(ImmutableList.copyOf(blocks), new Rgb(10, 20, 0))); }

    private static boolean accepts(Claim claim, byte[] image) { return BlocksChecker.judge(claim, image).accepted(); }

    @Test
    void everyColorAndShapeIsFoundWhereItIs() {
        for (var color : BlockColor.values())
            for (var shape : BlockShape.values()) {
                var found = BlocksChecker.look(draw(block(color, shape, 14.3, 17.6, 12.5))).found();
                assertThat(found).hasSize(1);
                assertThat(found.getFirst().color()).isEqualTo(color);
                assertThat(found.getFirst().shape()).isEqualTo(shape);
                assertThat(found.getFirst().x()).isCloseTo(14.3, within(0.3));
                assertThat(found.getFirst().y()).isCloseTo(17.6, within(0.3));
                assertThat(found.getFirst().size()).isCloseTo(12.5, within(0.4));
            }
    }

    @Test
    void theWorldIsClosed() {
        var one = draw(block(RED, CIRCLE, 9, 9, 9));
        var two = draw(block(RED, CIRCLE, 9, 9, 9), block(BLUE, SQUARE, 22, 22, 9));
        var three = draw(block(RED, CIRCLE, 8, 8, 8), block(BLUE, SQUARE, 22, 22, 8), block(GREEN, CROSS, 8, 22, 8));
        var claim = new Claim.Attribution(RED_CIRCLE, BLUE_SQUARE);
        assertThat(accepts(claim, one)).isFalse();
        assertThat(accepts(claim, two)).isTrue();
        assertThat(accepts(claim, three)).isFalse();
        assertThat(accepts(new Claim.Single(Thing.of(CIRCLE)), two)).isFalse();
        assertThat(accepts(new Claim.Two(Thing.of(SQUARE), Thing.of(CIRCLE)), two)).isTrue();
    }

    @Test
    void attributesBelongToTheirObjects() {
        var swapped = draw(block(BLUE, CIRCLE, 9, 9, 10), block(RED, SQUARE, 22, 22, 10));
        assertThat(accepts(new Claim.Attribution(RED_CIRCLE, BLUE_SQUARE), swapped)).isFalse();
        var parts = BlocksChecker.judge(new Claim.Attribution(RED_CIRCLE, BLUE_SQUARE), swapped).parts();
        assertThat(parts.color()).isEqualTo(1);
        assertThat(parts.shape()).isEqualTo(1);
        assertThat(parts.count()).isEqualTo(1);
        assertThat(parts.place()).isNull();
    }

    @Test
    void aRelationNeedsSixPixelsAlongAndFewerAcross() {
        var above = new Claim.Position(RED_CIRCLE, Relation.ABOVE, BLUE_SQUARE);
        assertThat(accepts(above, draw(block(RED, CIRCLE, 9, 9, 9), block(BLUE, SQUARE, 12, 22, 9)))).isTrue();
        assertThat(accepts(above, draw(block(BLUE, SQUARE, 9, 9, 9), block(RED, CIRCLE, 12, 22, 9)))).isFalse();
        assertThat(accepts(above, draw(block(RED, CIRCLE, 8, 12, 9), block(BLUE, SQUARE, 22, 20, 9)))).isFalse();
        var left = new Claim.Position(RED_CIRCLE, Relation.LEFT_OF, BLUE_SQUARE);
        assertThat(accepts(left, draw(block(RED, CIRCLE, 8, 12, 9), block(BLUE, SQUARE, 22, 20, 9)))).isTrue();
    }

    @Test
    void placeCountsByColorsAlone() {
        var image = draw(block(RED, TRIANGLE, 9, 9, 10), block(BLUE, CROSS, 9, 22, 10));
        var verdict = BlocksChecker.judge(new Claim.Position(RED_CIRCLE, Relation.ABOVE, BLUE_SQUARE), image);
        assertThat(verdict.accepted()).isFalse();
        assertThat(verdict.parts().place()).isEqualTo(1);
        assertThat(verdict.parts().color()).isEqualTo(1);
        assertThat(verdict.parts().shape()).isEqualTo(0);
    }

    @Test
    void partsAreFractions() {
        var image = draw(block(RED, SQUARE, 9, 9, 9), block(RED, SQUARE, 22, 9, 9));
        var parts = BlocksChecker.judge(new Claim.Counting(4, Thing.of(RED, SQUARE)), image).parts();
        assertThat(parts.color()).isEqualTo(0.5);
        assertThat(parts.count()).isEqualTo(0);
    }

    @Test
    void aSmallTriangleMayBeTheTopOfALargeOne() {
        assertThat(accepts(new Claim.Single(Thing.of(TRIANGLE)), draw(block(RED, TRIANGLE, 16, 16, 9)))).isFalse();
        assertThat(accepts(new Claim.Single(Thing.of(TRIANGLE)), draw(block(RED, TRIANGLE, 16, 16, 10)))).isTrue();
    }

    @Test
    void aColorMayDriftButNotBecomeAnother() {
        for (var rgb : new Rgb[] {new Rgb(190, 60, 60), new Rgb(240, 60, 30), new Rgb(180, 20, 30)}) {
            var drifted = draw(new Block(RED, CIRCLE, 256, 256, 192, rgb));
            assertThat(accepts(new Claim.Colors(Thing.of(RED)), drifted)).as("%s", rgb).isTrue();
        }
        for (var rgb : new Rgb[] {new Rgb(230, 130, 40), new Rgb(90, 20, 20), new Rgb(128, 128, 128), new Rgb(190, 60, 120)}) {
            var other = draw(new Block(RED, CIRCLE, 256, 256, 192, rgb));
            assertThat(accepts(new Claim.Colors(Thing.of(RED)), other)).as("%s", rgb).isFalse();
        }
    }

    /// Only the colour, as nothing else of the caption depends on it.
    @Test
    void anObjectOfTwoColorsIsNone() {
        var left = draw(block(RED, SQUARE, 16, 16, 14));
        var right = draw(block(BLUE, SQUARE, 16, 16, 14));
        for (int i = 0; i < left.length; i++) if (i / 3 % 32 >= 16) left[i] = right[i];
        assertThat(accepts(new Claim.Single(Thing.of(SQUARE)), left)).isFalse();
        assertThat(accepts(new Claim.Colors(Thing.of(RED)), left)).isFalse();
    }

    @Test
    void aBrightGroundIsAFlaw() {
        var image = Drawing.draw(new Scene(ImmutableList.of(block(RED, CIRCLE, 16, 16, 14)), new Rgb(90, 90, 90)));
        assertThat(BlocksChecker.look(image).flaws()).contains("the ground is too bright");
        assertThat(accepts(new Claim.Colors(Thing.of(RED)), image)).isFalse();
    }

    @Test
    void anOddSizeIsRefused() {
        assertThatThrownBy(() -> BlocksChecker.look(new byte[12])).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3072");
    }
}
