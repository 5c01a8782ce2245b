package dev.fusedit.fusion.vision;

import dev.fusedit.fusion.vision.InceptionV3.Block;
import dev.fusedit.fusion.vision.InceptionV3.Branch;
import dev.fusedit.fusion.vision.InceptionV3.Conv;
import dev.fusedit.fusion.vision.InceptionV3.Pool;
import dev.fusedit.nn.Weights;
import java.util.List;

/// The blocks of an [InceptionV3], by torchvision's names.
record InceptionReader(Weights weights) {
    InceptionV3 read() {
        var stem = List.of(valid("Conv2d_1a_3x3", 3, 32, 3, 2), valid("Conv2d_2a_3x3", 32, 32, 3, 1), conv("Conv2d_2b_3x3", 32, 64, 3, 3),
                valid("Conv2d_3b_1x1", 64, 80, 1, 1), valid("Conv2d_4a_3x3", 80, 192, 3, 1));
        return new InceptionV3(stem, List.of(a("Mixed_5b", 192, 32), a("Mixed_5c", 256, 64), a("Mixed_5d", 288, 64), b("Mixed_6a"),
                c("Mixed_6b", 128), c("Mixed_6c", 160), c("Mixed_6d", 160), c("Mixed_6e", 192), d("Mixed_7a"),
                e("Mixed_7b", 1280, Pool.AVERAGE), e("Mixed_7c", 2048, Pool.MAXIMUM)));
    }

    private Conv conv(String name, int in, int out, int high, int wide) { return Conv.of(weights.in(name), in, out, high, wide, 1, false); }

    private Conv valid(String name, int in, int out, int side, int stride) {
        return Conv.of(weights.in(name), in, out, side, side, stride, true);
    }

    private static Branch branch(Conv... convolutions) { return new Branch(Pool.NONE, List.of(convolutions), List.of()); }

    private static Branch pooled(Pool pool, Conv... convolutions) { return new Branch(pool, List.of(convolutions), List.of()); }

    private Block a(String name, int in, int pooled) {
        return new Block(List.of(branch(conv(name + ".branch1x1", in, 64, 1, 1)),
                branch(conv(name + ".branch5x5_1", in, 48, 1, 1), conv(name + ".branch5x5_2", 48, 64, 5, 5)),
                branch(conv(name + ".branch3x3dbl_1", in, 64, 1, 1), conv(name + ".branch3x3dbl_2", 64, 96, 3, 3),
                        conv(name + ".branch3x3dbl_3", 96, 96, 3, 3)),
                pooled(Pool.AVERAGE, conv(name + ".branch_pool", in, pooled, 1, 1))));
    }

    private Block b(String name) {
        return new Block(List.of(branch(valid(name + ".branch3x3", 288, 384, 3, 2)),
                branch(conv(name + ".branch3x3dbl_1", 288, 64, 1, 1), conv(name + ".branch3x3dbl_2", 64, 96, 3, 3),
                        valid(name + ".branch3x3dbl_3", 96, 96, 3, 2)),
                pooled(Pool.HALVING)));
    }

    private Block c(String name, int width) {
        return new Block(List.of(branch(conv(name + ".branch1x1", 768, 192, 1, 1)),
                branch(conv(name + ".branch7x7_1", 768, width, 1, 1), conv(name + ".branch7x7_2", width, width, 1, 7),
                        conv(name + ".branch7x7_3", width, 192, 7, 1)),
                branch(conv(name + ".branch7x7dbl_1", 768, width, 1, 1), conv(name + ".branch7x7dbl_2", width, width, 7, 1),
                        conv(name + ".branch7x7dbl_3", width, width, 1, 7), conv(name + ".branch7x7dbl_4", width, width, 7, 1),
                        conv(name + ".branch7x7dbl_5", width, 192, 1, 7)),
                pooled(Pool.AVERAGE, conv(name + ".branch_pool", 768, 192, 1, 1))));
    }

    private Block d(String name) {
        return new Block(List.of(branch(conv(name + ".branch3x3_1", 768, 192, 1, 1), valid(name + ".branch3x3_2", 192, 320, 3, 2)),
                branch(conv(name + ".branch7x7x3_1", 768, 192, 1, 1), conv(name + ".branch7x7x3_2", 192, 192, 1, 7),
                        conv(name + ".branch7x7x3_3", 192, 192, 7, 1), valid(name + ".branch7x7x3_4", 192, 192, 3, 2)),
                pooled(Pool.HALVING)));
    }

    private Block e(String name, int in, Pool pool) {
        return new Block(List.of(branch(conv(name + ".branch1x1", in, 320, 1, 1)),
                new Branch(Pool.NONE, List.of(conv(name + ".branch3x3_1", in, 384, 1, 1)),
                        List.of(conv(name + ".branch3x3_2a", 384, 384, 1, 3), conv(name + ".branch3x3_2b", 384, 384, 3, 1))),
                new Branch(Pool.NONE,
                        List.of(conv(name + ".branch3x3dbl_1", in, 448, 1, 1), conv(name + ".branch3x3dbl_2", 448, 384, 3, 3)),
                        List.of(conv(name + ".branch3x3dbl_3a", 384, 384, 1, 3), conv(name + ".branch3x3dbl_3b", 384, 384, 3, 1))),
                pooled(pool, conv(name + ".branch_pool", in, 192, 1, 1))));
    }
}
