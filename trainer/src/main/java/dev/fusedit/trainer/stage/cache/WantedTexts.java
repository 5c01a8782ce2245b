package dev.fusedit.trainer.stage.cache;

import com.google.common.collect.ImmutableList;
import dev.fusedit.fusion.dit.ImageModel;
import dev.fusedit.fusion.llm.Prompt;
import dev.fusedit.torch.Autograd;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Device;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.trainer.data.stored.EntryKey;
import dev.fusedit.trainer.data.stored.StoredRow;
import java.util.ArrayList;
import java.util.List;

/// What a frozen language model makes of texts for the image side, [ImageModel#planes], without padding.
///
/// @param texts ids, each once
/// @param planes of a text
/// @param heads K
/// @param width W
record WantedTexts(CacheSet set, ImmutableList<int[]> texts, ImageModel model, long planes, long heads, long width)
        implements WantedRows<int[]> {
    private static final int TOGETHER = 16;

    static WantedTexts of(CacheSet set, ImmutableList<int[]> texts, ImageModel model) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var shape = model.planes(model.llm().bucketed(Prompt.of(new int[1]))).shape();
            return new WantedTexts(set, texts, model, shape[0], shape[2], shape[4]);
        }
    }

    private long[] shape(int[] ids) { return new long[] {planes, heads, ids.length, width}; }

    @Override
    public int size() { return texts.size(); }

    @Override
    public EntryKey key(int index) { return EntryKey.of(texts.get(index)); }

    @Override
    public long bytes(int index) { return StoredRow.bytes(set.dtype(), shape(texts.get(index))); }

    @Override
    public int together() { return TOGETHER; }

    @Override
    public int[] load(int index) { return texts.get(index); }

    @Override
    public List<StoredRow> make(List<int[]> loaded) {
        try (var _ = TensorScope.open(); var _ = Autograd.noGrad()) {
            var all = model.planes(model.llm().bucketed(Prompt.of(loaded.toArray(int[][]::new)))).to(set.dtype()).to(DType.F32)
                    .to(Device.CPU);
            var rows = new ArrayList<StoredRow>();
            for (int b = 0; b < loaded.size(); b++) {
                var ids = loaded.get(b);
                rows.add(StoredRow.of(set.dtype(), all.narrow(1, b, 1).narrow(3, 0, ids.length).contiguous().toFloats(), shape(ids)));
            }
            return rows;
        }
    }
}
