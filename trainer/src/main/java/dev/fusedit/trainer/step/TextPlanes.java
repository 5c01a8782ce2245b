package dev.fusedit.trainer.step;

import dev.fusedit.torch.Tensor;
import dev.fusedit.trainer.data.stored.StoredRow;
import java.util.List;

/// What is stored of several texts, side by side: as [dev.fusedit.fusion.dit.ImageModel#planes] has it.
final class TextPlanes {
    private TextPlanes() {}

    /// @param texts (P, K, t, W) each, of t ≤ T tokens
    /// @return (P, B, K, T, W), f32; 0 behind a text's end
    static Tensor of(List<StoredRow> texts, int tokens) {
        var shape = texts.getFirst().shape();
        int planes = (int) shape[0], heads = (int) shape[1], width = (int) shape[3];
        var all = new float[Math.multiplyExact(planes * texts.size() * heads, tokens * width)];
        for (int b = 0; b < texts.size(); b++) {
            var own = texts.get(b).floats();
            int length = (int) texts.get(b).shape()[2] * width;
            for (int plane = 0; plane < planes; plane++) {
                for (int head = 0; head < heads; head++) {
                    System.arraycopy(own, (plane * heads + head) * length, all,
                            ((plane * texts.size() + b) * heads + head) * tokens * width, length);
                }
            }
        }
        return Tensor.of(all, planes, texts.size(), heads, tokens, width);
    }
}
