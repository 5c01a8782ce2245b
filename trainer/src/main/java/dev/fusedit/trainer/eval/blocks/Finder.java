package dev.fusedit.trainer.eval.blocks;

import static dev.fusedit.trainer.eval.blocks.ImageAboveGround.PIXELS;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.eval.blocks.Found.Measure;
import dev.fusedit.trainer.eval.blocks.Regions.Region;
import java.util.ArrayList;
import java.util.Arrays;

/// Finds the objects of an image. It parts the image into regions, fits each shape to each region, keeps the best, and at last
/// compares ground and objects together with the image: what they don't explain is a flaw.
final class Finder {
    /// More regions than this are no image of blocks, and not worth fitting.
    private static final int MOST = 8;
    private static final double BRIGHTEST_GROUND = 64;
    private static final int MOST_SPECKS = 6;
    private static final double EXPLAINED = 70;

    /// For a shape to be that shape.
    private static final double SHAPE_ERROR = 0.09;
    private static final double SHAPE_MARGIN = 1.2;
    private static final double SHAPE_SOFT = 1.9;
    private static final double SHAPE_ASPECT = 1.3;
    /// For an object to be whole.
    private static final double WHOLE_ERROR = 0.09;
    private static final double WHOLE_SOFT = 3;
    private static final double WHOLE_ASPECT = 1.5;

    private final ImageAboveGround image;
    private final Regions regions;
    private final double[] explained = new double[PIXELS * 3];

    private Finder(ImageAboveGround image) {
        this.image = image;
        this.regions = Regions.of(image);
    }

    static Sight look(byte[] rgb) { return new Finder(ImageAboveGround.of(rgb)).look(); }

    private Sight look() {
        var flaws = new ArrayList<String>();
        if (Arrays.stream(image.ground()).max().orElseThrow() > BRIGHTEST_GROUND) flaws.add("the ground is too bright");
        if (regions.specks > MOST_SPECKS) flaws.add(regions.specks + " pixels of specks");
        if (regions.regions.size() > MOST) {
            flaws.add(regions.regions.size() + " regions");
            return new Sight(ImmutableList.of(), flaws, 0);
        }
        var found = regions.regions.stream().map(this::examine).toList();
        return new Sight(found, flaws, stray());
    }

    private Found examine(Region region) {
        var brightest = brightest(region);
        var window = Window.around(region, image, regions.owner, brightest);
        var fits = Fit.all(window);
        var fit = fits.getFirst();
        var at = fit.place();
        var model = new double[window.share().length];
        Template.fill(fit.shape(), at, window, model);
        var paint = paint(window, model);
        double error = error(window, model, paint);
        double aspect = Math.max(at.halfWidth() / at.halfHeight(), at.halfHeight() / at.halfWidth());
        var measure = new Measure(fit.shape(), error, fits.get(1).error() / Math.max(1e-9, fit.error()), at.soft(), aspect);
        var shape = isShape(measure) ? fit.shape() : null;
        return new Found(Paint.name(onGround(paint), onGround(brightest)), shape, isWhole(measure), at.x(), at.y(), at.size(),
                Found.Blob.of(region, image, brightest), measure);
    }

    private static boolean isShape(Measure m) {
        return m.error() <= SHAPE_ERROR && m.margin() >= SHAPE_MARGIN && m.soft() <= SHAPE_SOFT && m.aspect() <= SHAPE_ASPECT;
    }

    private static boolean isWhole(Measure m) {
        return m.error() <= WHOLE_ERROR && m.soft() <= WHOLE_SOFT && m.aspect() <= WHOLE_ASPECT;
    }

    /// The mean over the region's highest pixels.
    private double[] brightest(Region region) {
        double highest = 0;
        for (int i : region.pixels()) highest = Math.max(highest, image.height(i));
        var paint = new double[3];
        int n = 0;
        for (int i : region.pixels()) {
            if (image.height(i) < 0.8 * highest) continue;
            n++;
            for (int c = 0; c < 3; c++) paint[c] += image.above()[i * 3 + c];
        }
        for (int c = 0; c < 3; c++) paint[c] /= n;
        return paint;
    }

    /// The object's colour above the ground, by least squares, so a blur does not darken it.
    private double[] paint(Window window, double[] model) {
        var paint = new double[3];
        double all = 0;
        for (int i = 0; i < model.length; i++) {
            if (!window.own()[i]) continue;
            all += model[i] * model[i];
            for (int c = 0; c < 3; c++) paint[c] += model[i] * image.above()[window.pixel(i) * 3 + c];
        }
        for (int c = 0; c < 3; c++) paint[c] /= all;
        return paint;
    }

    /// The unexplained part over all three channels, less the noise. Draws the object into `explained`.
    private double error(Window window, double[] model, double[] paint) {
        double left = 0;
        double all = 0;
        int n = 0;
        for (int i = 0; i < model.length; i++) {
            if (!window.own()[i]) continue;
            n++;
            for (int c = 0; c < 3; c++) {
                double value = image.above()[window.pixel(i) * 3 + c];
                double shown = model[i] * paint[c];
                explained[window.pixel(i) * 3 + c] = shown;
                left += (value - shown) * (value - shown);
                all += value * value;
            }
        }
        double noise = 3 * n * image.noise() * image.noise();
        return Math.max(0, left - noise) / Math.max(1, all - noise);
    }

    private double[] onGround(double[] above) {
        return new double[] {above[0] + image.ground()[0], above[1] + image.ground()[1], above[2] + image.ground()[2]};
    }

    private int stray() {
        int stray = 0;
        for (int i = 0; i < PIXELS; i++) {
            double off = 0;
            for (int c = 0; c < 3; c++) off = Math.max(off, Math.abs(image.above()[i * 3 + c] - explained[i * 3 + c]));
            if (off > EXPLAINED) stray++;
        }
        return stray;
    }
}
