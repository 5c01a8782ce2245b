package dev.fusedit.torch.io;

import dev.fusedit.torch.Tensor;
import java.nio.file.Path;

/// Where the storages of a `.pt` file lie.
interface PtContainer extends AutoCloseable {
    /// A pickle larger than this is not believed to describe a model (some 80,000 tensors fit); in memory it can grow sixtyfold.
    int LARGEST_PICKLE = 1 << 24;

    Path path();

    String kind();

    /// Bytes of the file.
    long size();

    PtContents contents();

    /// Fills a contiguous CPU tensor with the bytes of a storage from `firstByte` on.
    void read(PtStorage storage, long firstByte, Tensor target);

    @Override
    void close();
}
