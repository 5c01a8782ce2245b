package dev.fusedit.trainer.log;

import java.util.Arrays;

/// A surface to draw on, colours as 0xRRGGBB. What falls outside is cut off.
final class Canvas {
    final int width;
    final int height;
    private final int[] pixels;

    Canvas(int width, int height, int ground) {
        this.width = width;
        this.height = height;
        pixels = new int[width * height];
        Arrays.fill(pixels, ground);
    }

    void rectangle(int x, int y, int w, int h, int color) {
        for (int row = Math.max(0, y); row < Math.min(height, y + h); row++)
            for (int column = Math.max(0, x); column < Math.min(width, x + w); column++) pixels[row * width + column] = color;
    }

    void image(int x, int y, PngImage image) {
        byte[] rgb = image.rgb();
        for (int i = 0, row = 0; row < image.height(); row++)
            for (int column = 0; column < image.width(); column++, i += 3)
                rectangle(x + column, y + row, 1, 1, (rgb[i] & 255) << 16 | (rgb[i + 1] & 255) << 8 | rgb[i + 2] & 255);
    }

    /// @param y top of the capital letters
    void text(int x, int y, String text, int color) { text(x, y, text, color, 1); }

    /// @param size side of a pixel of the alphabet
    void text(int x, int y, String text, int color, int size) {
        int pen = x;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) != ' ') glyph(pen, y, Alphabet.glyph(text.charAt(i)), color, size);
            pen += size * Alphabet.advance(text.charAt(i));
        }
    }

    private void glyph(int x, int y, boolean[][] glyph, int color, int size) {
        for (int row = 0; row < glyph.length; row++)
            for (int column = 0; column < glyph[row].length; column++)
                if (glyph[row][column]) rectangle(x + column * size, y + row * size, size, size, color);
    }

    /// A line with round ends, anti-aliased: a pixel is covered as far as its centre lies inside the line's edge.
    ///
    /// @param alpha 0 (not seen) to 1
    void line(double x1, double y1, double x2, double y2, double thickness, int color, double alpha) {
        double reach = thickness / 2 + 1;
        for (int y = (int) Math.max(0, Math.min(y1, y2) - reach); y <= Math.min(height - 1, Math.max(y1, y2) + reach); y++)
            for (int x = (int) Math.max(0, Math.min(x1, x2) - reach); x <= Math.min(width - 1, Math.max(x1, x2) + reach); x++) {
                double distance = distance(x + 0.5, y + 0.5, x1, y1, x2, y2);
                double cover = Math.clamp(thickness / 2 + 0.5 - distance, 0, 1);
                if (cover > 0) blend(y * width + x, color, cover * alpha);
            }
    }

    private static double distance(double x, double y, double x1, double y1, double x2, double y2) {
        double dx = x2 - x1;
        double dy = y2 - y1;
        double length2 = dx * dx + dy * dy;
        double t = length2 == 0 ? 0 : Math.clamp(((x - x1) * dx + (y - y1) * dy) / length2, 0, 1);
        return Math.hypot(x - x1 - t * dx, y - y1 - t * dy);
    }

    private void blend(int i, int color, double alpha) {
        int mixed = 0;
        for (int shift = 0; shift <= 16; shift += 8) {
            int under = pixels[i] >> shift & 255;
            int over = color >> shift & 255;
            mixed |= (int) Math.round(under + (over - under) * alpha) << shift;
        }
        pixels[i] = mixed;
    }

    PngImage image() {
        byte[] rgb = new byte[3 * pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            rgb[3 * i] = (byte) (pixels[i] >> 16);
            rgb[3 * i + 1] = (byte) (pixels[i] >> 8);
            rgb[3 * i + 2] = (byte) pixels[i];
        }
        return new PngImage(width, height, rgb);
    }
}
