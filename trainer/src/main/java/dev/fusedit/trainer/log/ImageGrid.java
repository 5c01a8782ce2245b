package dev.fusedit.trainer.log;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.List;

/// Images in rows, enlarged, each with its caption below.
public final class ImageGrid {
    private static final int GROUND = 0xffffff;
    private static final int INK = 0x333333;
    private static final int MARGIN = 10;
    private static final int LEAST_WIDTH = 128;

    private final int columns;
    private final int factor;
    private final List<Cell> cells = new ArrayList<>();

    private record Cell(PngImage image, String caption) {}

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

    public ImageGrid add(PngImage image, String caption) {
        if (!cells.isEmpty()) {
            var first = cells.getFirst().image;
            checkArgument(image.width() == first.width() && image.height() == first.height(),
                    "images of a grid have one size: %s x %s, not %s x %s",
                    first.width(), first.height(), image.width(), image.height());
        }
        cells.add(new Cell(image, caption));
        return this;
    }

    public PngImage image() {
        checkArgument(!cells.isEmpty(), "a grid needs at least one image");
        int cellWidth = cells.getFirst().image.width() * factor;
        int cellHeight = cells.getFirst().image.height() * factor;
        var rows = new ArrayList<List<Cell>>();
        for (int i = 0; i < cells.size(); i += columns) rows.add(cells.subList(i, Math.min(cells.size(), i + columns)));

        int height = MARGIN;
        for (var row : rows) height += cellHeight + captionHeight(row, cellWidth) + MARGIN;
        var canvas = new Canvas(MARGIN + Math.min(columns, cells.size()) * (cellWidth + MARGIN), height, GROUND);
        int y = MARGIN;
        for (var row : rows) {
            for (int i = 0; i < row.size(); i++) draw(canvas, row.get(i), MARGIN + i * (cellWidth + MARGIN), y, cellWidth, cellHeight);
            y += cellHeight + captionHeight(row, cellWidth) + MARGIN;
        }
        return canvas.image();
    }

    private void draw(Canvas canvas, Cell cell, int x, int y, int cellWidth, int cellHeight) {
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
