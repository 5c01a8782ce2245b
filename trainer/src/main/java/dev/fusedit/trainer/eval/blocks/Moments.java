package dev.fusedit.trainer.eval.blocks;

/// Area, centre and variance of what a window shows.
record Moments(double area, double x, double y, double spreadX, double spreadY) {
    private static final double FAINT = 0.1;

    static Moments of(Window window) {
        double area = 0;
        double x = 0;
        double y = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < window.share().length; i++) {
            double share = Math.min(1.2, window.share()[i]);
            if (!window.own()[i] || share < FAINT) continue;
            double right = window.left() + i % window.width() + 0.5;
            double down = window.top() + i / window.width() + 0.5;
            area += share;
            x += share * right;
            y += share * down;
            xx += share * right * right;
            yy += share * down * down;
        }
        return new Moments(area, x / area, y / area, xx / area - x / area * (x / area), yy / area - y / area * (y / area));
    }
}
