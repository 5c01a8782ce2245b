package dev.fusedit.trainer.data.stored;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import dev.fusedit.torch.DType;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.TensorScope;
import dev.fusedit.torch.Torch;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.io.DirectorySync;
import dev.fusedit.torch.io.SafeTensors;
import dev.fusedit.torch.io.WholeFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/// Rows in a file of safetensors, which any reader of these opens:
///
/// | tensor | | |
/// |---|---|---|
/// | `keys` | u8 (n, 16) | by what each row is known |
/// | `shapes` | i64 (n, r) | of each row |
/// | `crc32c` | i32 (n) | of each row's bytes |
/// | `values` | of the rows' dtype | all rows, one after the other |
///
/// Its name is a hash of its keys, so the same rows have the same name. It has that name only when all of it is on the disk. A row is read
/// without the others and held against its sum; the first three tensors are held against the metadata's `index`.
///
/// @param valuesAt first byte of the values in the file
/// @param rows where each is
record RowShard(Path file, DType dtype, long valuesAt, ImmutableList<Row> rows) {
    static final String SUFFIX = ".safetensors";
    private static final String KEYS = "keys", SHAPES = "shapes", SUMS = "crc32c", VALUES = "values", INDEX = "index";

    /// @param at first byte, counted from the first row's
    record Row(EntryKey key, long[] shape, int crc32c, long at) {}

    /// Writes rows of one dtype and rank, all at once, on the thread that runs torch. A file of the same keys is replaced.
    static RowShard write(Path folder, List<RowStore.Keyed> rows) throws IOException {
        var dtype = rows.getFirst().row().dtype();
        int n = rows.size(), rank = rows.getFirst().row().shape().length;
        var keys = ByteBuffer.allocate(n * EntryKey.BYTES);
        var shapes = new long[n * rank];
        var sums = new int[n];
        var values = ByteBuffer.allocate(Math.toIntExact(rows.stream().mapToLong(each -> each.row().bytes().length).sum()));
        for (int i = 0; i < n; i++) {
            rows.get(i).key().write(keys);
            System.arraycopy(rows.get(i).row().shape(), 0, shapes, i * rank, rank);
            sums[i] = rows.get(i).row().crc32c();
            values.put(rows.get(i).row().bytes());
        }
        var name = Hashing.sha256().hashBytes(keys.array()).toString().substring(0, 16) + SUFFIX;
        var file = folder.resolve(name);
        var unfinished = WholeFile.unfinished(file);
        try (var _ = TensorScope.open(); var out = FileChannel.open(unfinished, CREATE, TRUNCATE_EXISTING, WRITE)) {
            var numbers = Torch.call("aten::view", "dtype", Tensor.of(values.array()), dtype).tensor();
            SafeTensors.write(out, Map.of(KEYS, Tensor.of(keys.array(), n, EntryKey.BYTES), SHAPES, Tensor.of(shapes, n, rank), SUMS,
                    Tensor.of(sums), VALUES, numbers), Map.of(INDEX, index(keys.array(), bytes(shapes), bytes(sums))));
            out.force(true);
        } catch (IOException e) {
            Files.deleteIfExists(unfinished);
            throw e;
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        DirectorySync.force(folder);
        return open(file);
    }

    /// Looks at all but the values.
    ///
    /// @throws UserError if the file is no such one, is cut short or damaged
    static RowShard open(Path file) {
        try (var source = SafeTensors.open(file); var channel = FileChannel.open(file)) {
            var keys = part(source, channel, KEYS);
            var shapes = part(source, channel, SHAPES);
            var sums = part(source, channel, SUMS);
            var dtype = source.loadable(VALUES).dtype();
            if (!index(keys.array(), shapes.array(), sums.array()).equals(source.metadata().get(INDEX))) throw damaged(file, "its index");
            int n = keys.capacity() / EntryKey.BYTES, rank = n == 0 ? 0 : shapes.capacity() / Long.BYTES / n;
            var rows = ImmutableList.<Row>builder();
            long at = 0;
            for (int i = 0; i < n; i++) {
                var key = EntryKey.read(keys);
                var shape = new long[rank];
                for (int d = 0; d < rank; d++) shape[d] = shapes.order(ByteOrder.LITTLE_ENDIAN).getLong();
                rows.add(new Row(key, shape, sums.order(ByteOrder.LITTLE_ENDIAN).getInt(), at));
                at += StoredRow.bytes(dtype, shape);
            }
            if (at != source.info(VALUES).numel() * dtype.bytes()) throw damaged(file, "the sizes of its rows");
            return new RowShard(file, dtype, source.position(VALUES), rows.build());
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static ByteBuffer part(SafeTensors source, FileChannel channel, String name) throws IOException {
        long position = source.position(name);
        var entry = source.entries().get(name);
        return read(channel, position, Math.toIntExact(entry.end() - entry.begin()));
    }

    private static ByteBuffer read(FileChannel channel, long position, int count) throws IOException {
        var bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, position + bytes.position()) < 0) throw new EOFException("it ends early");
        }
        return bytes.flip();
    }

    /// Any thread may read.
    ///
    /// @throws UserError if the row is damaged, or the file is gone
    StoredRow read(Row row) {
        try (var channel = FileChannel.open(file)) {
            var read = new StoredRow(dtype, row.shape(),
                    read(channel, valuesAt + row.at(), Math.toIntExact(StoredRow.bytes(dtype, row.shape()))).array());
            if (read.crc32c() != row.crc32c()) throw damaged(file, "row %d of %d".formatted(rows.indexOf(row) + 1, rows.size()));
            return read;
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static UserError damaged(Path file, String what) {
        return new UserError("%s is damaged: %s and its sum differ. 'fusedit data cache RECIPE --verify' makes what is damaged anew"
                .formatted(file, what));
    }

    private static UserError unreadable(Path file, IOException e) {
        return new UserError("%s cannot be read (%s). 'fusedit data cache RECIPE' makes what is missing anew".formatted(file,
                e.getMessage()), e);
    }

    private static String index(byte[]... parts) {
        var crc = new CRC32C();
        for (var part : parts) crc.update(part);
        return Long.toHexString(crc.getValue());
    }

    private static byte[] bytes(long[] numbers) {
        var bytes = ByteBuffer.allocate(numbers.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(numbers);
        return bytes.array();
    }

    private static byte[] bytes(int[] numbers) {
        var bytes = ByteBuffer.allocate(numbers.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(numbers);
        return bytes.array();
    }
}
