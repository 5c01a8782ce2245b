package dev.fusedit.trainer.data.table;

import dev.fusedit.torch.UserError;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Properties;
import org.duckdb.DuckDBConnection;

/// The embedded database DuckDB (duckdb.org), without tables of its own: what it reads are files. Nothing is fetched from a network, nothing
/// is kept.
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

    /// @throws UserError if its library cannot be loaded on this machine
    public static DuckDb open() {
        var settings = new Properties();
        settings.setProperty("threads", "1"); // its own threads; those that ask work themselves
        settings.setProperty("autoinstall_known_extensions", "false");
        settings.setProperty("autoload_known_extensions", "false");
        settings.setProperty("temp_directory", "");
        settings.setProperty("jdbc_stream_results", "true");
        try {
            return new DuckDb(DriverManager.getConnection("jdbc:duckdb:", settings).unwrap(DuckDBConnection.class));
        } catch (SQLException | LinkageError e) {
            throw new UserError("Parquet files cannot be read on this machine: DuckDB does not start: " + e.getMessage(), e);
        }
    }

    /// @param parameters of the question marks
    public void query(String sql, RowReader reader, Object... parameters) throws SQLException {
        try (Connection own = connection.duplicate(); var statement = own.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) statement.setObject(i + 1, parameters[i]);
            try (var rows = statement.executeQuery()) {
                while (rows.next()) reader.read(rows);
            }
        }
    }

    /// The path as a parameter of `read_parquet` and the like, which take patterns: what would mean something in one is put in brackets.
    public static String path(Path file) { return file.toString().replaceAll("[\\[*?]", "[$0]"); }

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
