package dev.fusedit.trainer.data.prepare;

import dev.fusedit.torch.UserError;

/// Which shards a process makes: those whose number leaves `index` when divided by `of`. Counting from 0 and counting from 1 both share all
/// shards out among `of` processes.
public record Part(int index, int of) {
    public static final Part ALL = new Part(0, 1);

    public Part {
        if (of < 1 || index < 0 || index > of)
            throw new UserError("a part is i/n with i from 1 to n (or from 0 to n - 1), not " + index + "/" + of);
    }

    /// Of `2/8`.
    public static Part parse(String text) {
        if (!text.matches("\\d{1,9}/\\d{1,9}")) throw new UserError("a part is i/n, 2/8 say, not '" + text + "'");
        int slash = text.indexOf('/');
        return new Part(Integer.parseInt(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
    }

    boolean has(int shard) { return shard % of == index % of; }
}
