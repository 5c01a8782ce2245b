package dev.fusedit.trainer.data.prepare;

/// In which form the metadata of a [PublishedSet] are published. Of all but Parquet files [RowsFile] makes one.
sealed interface MetadataForm {
    /// Parquet files, read where they lie.
    record Parquet() implements MetadataForm {}

    /// An object of JSON in each line, also packed (`.jsonl.gz`, or in a tar archive, `.jsonl.tgz`).
    ///
    /// @param fields that are read, with their types, in SQL; one that a line lacks is NULL
    /// @param columns made of them, in SQL; `url` is among them
    /// @param image what names the image in an archive, in SQL: its file's name counts, without folders and ending
    record JsonLines(String fields, String columns, String image) implements MetadataForm {}

    /// A tar archive of text files, each of the name of its image. The columns are `url`, which has nothing, and `caption`.
    record TextFiles() implements MetadataForm {}
}
