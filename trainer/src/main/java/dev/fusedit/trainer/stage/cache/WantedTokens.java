package dev.fusedit.trainer.stage.cache;

import com.google.common.collect.ImmutableList;
import dev.fusedit.trainer.data.TextIds;
import dev.fusedit.trainer.data.stored.EntryKey;
import dev.fusedit.trainer.data.stored.StoredRow;
import java.util.List;

/// Token ids of captions.
///
/// @param captions each once
record WantedTokens(CacheSet set, ImmutableList<String> captions, TextIds texts) implements WantedRows<StoredRow> {
    private static final int TOGETHER = 256, IN_A_FILE = 1 << 14;

    static EntryKey key(String caption) { return EntryKey.of("caption", caption); }

    @Override
    public int size() { return captions.size(); }

    @Override
    public EntryKey key(int index) { return key(captions.get(index)); }

    @Override
    public long bytes(int index) { return load(index).bytes().length; }

    @Override
    public int together() { return TOGETHER; }

    @Override
    public int inAFile() { return IN_A_FILE; }

    @Override
    public StoredRow load(int index) { return StoredRow.of(texts.caption(captions.get(index))); }

    @Override
    public List<StoredRow> make(List<StoredRow> loaded) { return loaded; }
}
