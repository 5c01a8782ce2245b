package dev.fusedit.trainer.data.table;

import dev.fusedit.torch.UserError;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Properties;
import org.duckdb.DuckDBConnection;

/// The embedded database DuckDB (duckdb.org), over files. Nothing is fetched from a network, nothing is kept; results are handed over
/// as they come.
///
/// A query runs on the thread that asks; any number of threads may ask at once. Whoever opens it closes it.
public final class DuckDb implements AutoCloseable {
    private final DuckDBConnection connection;

    /// Takes the row that a result stands at.
    @FunctionalInterface
    public interface RowReader {
        void read(ResultSet row) throws SQLException;
    }

    private DuckDb(DuckDBConnection connection) { this.connection = connection; }

    /// For small reads: those who ask work themselves, and nothing goes to a disk.
    ///
    /// @throws UserError if it did not come along, or its library cannot be loaded on this machine
    public static DuckDb open() { return open(settings(1, "")); }

    /// For large ones: what does not fit into memory goes to a folder for the while.
    ///
    /// @param memoryBytes that it may take
    /// @throws UserError if it did not come along, or its library cannot be loaded on this machine
    public static DuckDb open(Path spill, int threads, long memoryBytes) {
        var settings = settings(threads, spill.toString());
        settings.setProperty("memory_limit", (memoryBytes >> 20) + "MiB");
        return open(settings);
    }

    private static Properties settings(int threads, String spill) {
        var settings = new Properties();
        settings.setProperty("threads", Integer.toString(threads));
        settings.setProperty("temp_directory", spill);
        settings.setProperty("autoinstall_known_extensions", "false");
        settings.setProperty("autoload_known_extensions", "false");
        settings.setProperty("jdbc_stream_results", "true");
        return settings;
    }

    private static DuckDb open(Properties settings) {
        if (DuckDb.class.getResource("/org/duckdb/DuckDBDriver.class") == null) {
            throw new UserError(
                    "Parquet files cannot be read: the archive that fusedit came in has no DuckDB. The whole one has it, and so "
                            + "has what ./fusedit builds in a clone");
        }
        try {
            return new DuckDb(DriverManager.getConnection("jdbc:duckdb:", settings).unwrap(DuckDBConnection.class));
        } catch (SQLException | LinkageError e) {
            throw new UserError("Parquet files cannot be read on this machine: DuckDB does not start: " + e.getMessage(), e);
        }
    }

    /// A connection of its own, with tables of its own; whoever asks closes it.
    public DuckDBConnection session() throws SQLException { return connection.duplicate().unwrap(DuckDBConnection.class); }

    public void execute(String sql) throws SQLException {
        try (Connection own = session(); var statement = own.createStatement()) {
            statement.execute(sql);
        }
    }

    /// @param parameters of the question marks
    public void query(String sql, RowReader reader, Object... parameters) throws SQLException {
        try (Connection own = session(); var statement = own.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) statement.setObject(i + 1, parameters[i]);
            try (var rows = statement.executeQuery()) {
                while (rows.next()) reader.read(rows);
            }
        }
    }

    /// The path as a parameter of `read_parquet` and the like, which take patterns: what would mean something in one is put in brackets.
    public static String path(Path file) { return file.toString().replaceAll("[\\[*?]", "[$0]"); }

    /// A text in SQL.
    public static String text(Object text) { return '\'' + text.toString().replace("'", "''") + '\''; }

    /// A file, and nothing else that its name might stand for as a pattern, in SQL.
    public static String file(Path file) { return text(path(file)); }

    /// A name in SQL.
    public static String name(String column) { return '"' + column.replace("\"", "\"\"") + '"'; }

    /// What went wrong, in one line.
    public static String reason(SQLException e) {
        var message = String.valueOf(e.getMessage());
        int error = message.lastIndexOf("\nError: ");
        var last = error < 0 ? message : message.substring(error + "\nError: ".length());
        return last.lines().findFirst().orElse(last).strip();
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
