package dev.fusedit.trainer.log;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.List;

/// Images in rows, enlarged, each with its caption below, and a legend where some are marked.
public final class ImageGrid {
    private static final int GROUND = 0xffffff;
    private static final int INK = 0x333333;
    private static final int MARGIN = 10;
    private static final int LEAST_WIDTH = 128;
    private static final int FRAME = 3;
    private static final int SAMPLE = 16;
    private static final int LEGEND = SAMPLE + MARGIN;
    private static final String TRUE = "the caption came true";
    private static final String FALSE = "it did not, or not all of it";

    private final int columns;
    private final int factor;
    private final List<Cell> cells = new ArrayList<>();

    /// Whether a caption came true: told by a frame around the image, whole and green, or broken and red.
    public enum Mark {
        NONE(0, 0), TRUE(0x2e9e48, 0), FALSE(0xc8373a, 8);

        private final int color;
        private final int gap;

        Mark(int color, int gap) {
            this.color = color;
            this.gap = gap;
        }
    }

    private record Cell(PngImage image, String caption, Mark mark) {}

    /// @param factor by which images are enlarged
    public ImageGrid(int columns, int factor) {
        checkArgument(columns >= 1 && factor >= 1, "columns and factor must be at least 1, but are %s and %s", columns, factor);
        this.columns = columns;
        this.factor = factor;
    }

    /// A grid whose images are wide enough for captions of a few words.
    public static ImageGrid forImagesOf(int width, int columns) {
        return new ImageGrid(columns, Math.max(1, (LEAST_WIDTH + width - 1) / width));
    }

    public ImageGrid add(PngImage image, String caption) { return add(image, caption, Mark.NONE); }

    public ImageGrid add(PngImage image, String caption, Mark mark) {
        if (!cells.isEmpty()) {
            var first = cells.getFirst().image;
            checkArgument(image.width() == first.width() && image.height() == first.height(),
                    "images of a grid have one size: %s x %s, not %s x %s",
                    first.width(), first.height(), image.width(), image.height());
        }
        cells.add(new Cell(image, caption, mark));
        return this;
    }

    /// Where an image is in the grid's, in pixels, each of its own as often as the grid enlarges.
    public record Box(int x, int y, int width, int height) {}

    /// Of each image.
    public List<Box> boxes() {
        var boxes = new ArrayList<Box>();
        int y = MARGIN;
        for (int first = 0; first < cells.size(); first += columns) {
            var row = cells.subList(first, Math.min(cells.size(), first + columns));
            int width = row.getFirst().image.width() * factor, height = row.getFirst().image.height() * factor;
            for (int i = 0; i < row.size(); i++) boxes.add(new Box(MARGIN + i * (width + MARGIN), y, width, height));
            y += height + captionHeight(row, width) + MARGIN;
        }
        return boxes;
    }

    /// By which images are enlarged.
    public int factor() { return factor; }

    public PngImage image() {
        checkArgument(!cells.isEmpty(), "a grid needs at least one image");
        var boxes = boxes();
        int cellWidth = boxes.getFirst().width;
        var last = boxes.getLast();
        int height = last.y + last.height + captionHeight(cells.subList((cells.size() - 1) / columns * columns, cells.size()), cellWidth)
                + MARGIN;
        boolean marked = cells.stream().anyMatch(cell -> cell.mark != Mark.NONE);
        var canvas = new Canvas(MARGIN + Math.min(columns, cells.size()) * (cellWidth + MARGIN), height + (marked ? LEGEND : 0), GROUND);
        for (int i = 0; i < boxes.size(); i++) {
            var box = boxes.get(i);
            draw(canvas, cells.get(i), box.x, box.y, box.width, box.height);
        }
        if (marked) legend(canvas, height);
        return canvas.image();
    }

    private static void legend(Canvas canvas, int y) {
        frame(canvas, MARGIN, y, SAMPLE, SAMPLE, Mark.TRUE);
        canvas.text(MARGIN + SAMPLE + 8, y + 4, TRUE, INK);
        int second = MARGIN + SAMPLE + 8 + Alphabet.width(TRUE) + 2 * MARGIN;
        frame(canvas, second, y, SAMPLE, SAMPLE, Mark.FALSE);
        canvas.text(second + SAMPLE + 8, y + 4, FALSE, INK);
    }

    /// Outside of the image, which stays whole.
    private static void frame(Canvas canvas, int x, int y, int width, int height, Mark mark) {
        if (mark == Mark.NONE) return;
        canvas.rectangle(x - FRAME, y - FRAME, width + 2 * FRAME, FRAME, mark.color);
        canvas.rectangle(x - FRAME, y + height, width + 2 * FRAME, FRAME, mark.color);
        canvas.rectangle(x - FRAME, y, FRAME, height, mark.color);
        canvas.rectangle(x + width, y, FRAME, height, mark.color);
        if (mark.gap == 0) return;
        for (int at = mark.gap / 2; at < Math.max(width, height); at += 2 * mark.gap) {
            canvas.rectangle(x + Math.min(at, width), y - FRAME, Math.clamp(width - at, 0, mark.gap), FRAME, GROUND);
            canvas.rectangle(x + Math.min(at, width), y + height, Math.clamp(width - at, 0, mark.gap), FRAME, GROUND);
            canvas.rectangle(x - FRAME, y + at, FRAME, Math.clamp(height - at, 0, mark.gap), GROUND);
            canvas.rectangle(x + width, y + at, FRAME, Math.clamp(height - at, 0, mark.gap), GROUND);
        }
    }

    private void draw(Canvas canvas, Cell cell, int x, int y, int cellWidth, int cellHeight) {
        frame(canvas, x, y, cellWidth, cellHeight, cell.mark);
        canvas.image(x, y, cell.image.enlarged(factor));
        var lines = Alphabet.wrap(cell.caption, cellWidth);
        for (int i = 0; i < lines.size(); i++) {
            int centred = x + (cellWidth - Alphabet.width(lines.get(i))) / 2;
            canvas.text(centred, y + cellHeight + 5 + i * Alphabet.LINE, lines.get(i), INK);
        }
    }

    private static int captionHeight(List<Cell> row, int cellWidth) {
        int lines = row.stream().mapToInt(cell -> Alphabet.wrap(cell.caption, cellWidth).size()).max().orElse(0);
        return lines == 0 ? 0 : 5 + lines * Alphabet.LINE;
    }
}
