package dev.fusedit.trainer.eval.blocks.selfcheck;

import dev.fusedit.trainer.data.blocks.BlocksSample;
import dev.fusedit.trainer.data.blocks.Dice;
import dev.fusedit.trainer.data.blocks.Scene;
import java.util.Arrays;
import java.util.List;

/// What becomes of an image that is harmed: a little, so that its caption stays true, or so much that it shows nothing.
final class Spoiled {
    private static final int SIDE = Scene.SIDE;

    private Spoiled() {}

    /// The ground alone.
    static byte[] blank(BlocksSample sample) {
        var rgb = new byte[SIDE * SIDE * 3];
        for (int i = 0; i < rgb.length; i++) rgb[i] = (byte) sample.scene().ground().channel(i % 3);
        return rgb;
    }

    /// Every byte drawn by itself.
    static byte[] noise(Dice dice) {
        var rgb = new byte[SIDE * SIDE * 3];
        for (int i = 0; i < rgb.length; i++) rgb[i] = (byte) dice.below(256);
        return rgb;
    }

    static byte[] average(List<byte[]> images) {
        var rgb = new byte[SIDE * SIDE * 3];
        for (int i = 0; i < rgb.length; i++) {
            int sum = 0;
            for (var image : images) sum += image[i] & 255;
            rgb[i] = (byte) (sum / images.size());
        }
        return rgb;
    }

    /// One object loses its left, right, upper or lower half.
    static byte[] halfErased(BlocksSample sample, Dice dice) {
        var rgb = sample.rgb().clone();
        var block = dice.pick(sample.scene().objects());
        int half = dice.below(4);
        for (int i = 0; i < SIDE * SIDE; i++) {
            int right = i % SIDE * Scene.UNIT + Scene.UNIT / 2 - block.x();
            int down = i / SIDE * Scene.UNIT + Scene.UNIT / 2 - block.y();
            int reach = block.diameter() / 2 + Scene.UNIT;
            if (Math.abs(right) > reach || Math.abs(down) > reach) continue;
            boolean erased = half == 0 ? right < 0 : half == 1 ? right > 0 : half == 2 ? down < 0 : down > 0;
            for (int c = 0; erased && c < 3; c++) rgb[i * 3 + c] = (byte) sample.scene().ground().channel(c);
        }
        return rgb;
    }

    /// Gaussian noise added to every byte: the sum of twelve uniform draws.
    static byte[] noisy(byte[] image, double deviation, Dice dice) {
        var rgb = new byte[image.length];
        for (int i = 0; i < rgb.length; i++) {
            double sum = -6;
            for (int k = 0; k < 12; k++) sum += (dice.bits() >>> 11) * 0x1p-53;
            rgb[i] = (byte) Math.clamp(Math.round((image[i] & 255) + deviation * sum), 0, 255);
        }
        return rgb;
    }

    /// A Gaussian blur of this standard deviation in pixels; beyond the border the border goes on.
    static byte[] blurred(byte[] image, double deviation) {
        var values = new double[image.length];
        for (int i = 0; i < values.length; i++) values[i] = image[i] & 255;
        var both = blurredAlong(3 * SIDE, blurredAlong(3, values, deviation), deviation);
        var rgb = new byte[image.length];
        for (int i = 0; i < rgb.length; i++) rgb[i] = (byte) Math.round(both[i]);
        return rgb;
    }

    /// @param stride 3 for along the rows, 3 · 32 for along the columns
    private static double[] blurredAlong(int stride, double[] values, double deviation) {
        int reach = (int) Math.ceil(4 * deviation);
        var weights = new double[2 * reach + 1];
        for (int k = -reach; k <= reach; k++) weights[k + reach] = Math.exp(-k * k / (2 * deviation * deviation));
        double all = Arrays.stream(weights).sum();
        var blurred = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            int at = i / stride % SIDE;
            double sum = 0;
            for (int k = -reach; k <= reach; k++) sum += weights[k + reach] * values[i + (Math.clamp(at + k, 0, SIDE - 1) - at) * stride];
            blurred[i] = sum / all;
        }
        return blurred;
    }
}
