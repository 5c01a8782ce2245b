package dev.fusedit.trainer.data.prepare;

import dev.fusedit.torch.UserError;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Properties;
import org.duckdb.DuckDBConnection;

/// DuckDB (duckdb.org) in this process, over Parquet files. Results are handed over as they come, and what does not fit into its memory goes to
/// a folder for the while. Nothing is fetched from a network.
///
/// Any number of threads may ask at once. Whoever opens it closes it.
final class MetadataDatabase implements AutoCloseable {
    private final DuckDBConnection connection;

    /// Takes the row that a result stands at.
    @FunctionalInterface
    interface RowReader {
        void read(ResultSet row) throws SQLException;
    }

    private MetadataDatabase(DuckDBConnection connection) { this.connection = connection; }

    /// @param spill folder for what does not fit into memory
    /// @param memoryBytes that it may take
    /// @throws UserError if its library cannot be loaded on this machine
    static MetadataDatabase open(Path spill, int threads, long memoryBytes) {
        var settings = new Properties();
        settings.setProperty("threads", Integer.toString(threads));
        settings.setProperty("memory_limit", (memoryBytes >> 20) + "MiB");
        settings.setProperty("temp_directory", spill.toString());
        settings.setProperty("autoinstall_known_extensions", "false");
        settings.setProperty("autoload_known_extensions", "false");
        settings.setProperty("jdbc_stream_results", "true");
        try {
            return new MetadataDatabase(DriverManager.getConnection("jdbc:duckdb:", settings).unwrap(DuckDBConnection.class));
        } catch (SQLException | LinkageError e) {
            throw new UserError("Parquet files cannot be read on this machine: DuckDB does not start: " + e.getMessage(), e);
        }
    }

    /// A connection of its own, with tables of its own; whoever asks closes it.
    DuckDBConnection session() throws SQLException { return connection.duplicate().unwrap(DuckDBConnection.class); }

    /// @param parameters of the question marks
    void query(String sql, RowReader reader, Object... parameters) throws SQLException {
        try (Connection own = session(); var statement = own.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) statement.setObject(i + 1, parameters[i]);
            try (var rows = statement.executeQuery()) {
                while (rows.next()) reader.read(rows);
            }
        }
    }

    void execute(String sql) throws SQLException {
        try (Connection own = session(); var statement = own.createStatement()) {
            statement.execute(sql);
        }
    }

    /// A name in SQL.
    static String name(String column) { return '"' + column.replace("\"", "\"\"") + '"'; }

    static String text(Object text) { return '\'' + text.toString().replace("'", "''") + '\''; }

    /// A file, and nothing else that its name might stand for as a pattern, in SQL.
    static String file(Path file) { return text(file.toString().replaceAll("[\\[*?]", "[$0]")); }

    /// What went wrong, in one line.
    static String reason(SQLException e) { return String.valueOf(e.getMessage()).lines().findFirst().orElse("unknown").strip(); }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
