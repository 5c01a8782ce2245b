package dev.fusedit.trainer.data.shards;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.fetch.RetryAfter;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLException;

/// A file on a server: requests for it, again and again where a failure may pass.
///
/// @param shown what messages call it
record HttpFile(HttpClient client, URI uri, String shown, HttpPatience patience, HttpTries tries) {
    private static final int OK = 200, PART = 206, SAME = 304, TIMEOUT = 408, GONE = 410, RANGE = 416, EARLY = 425, MANY = 429;

    /// The head of the file, or that it is the same: `headers` may have conditions.
    ///
    /// @return an answer of 200, 206, 304 or 416, whose body the caller closes
    /// @throws UserError if the server refuses, or fails too often
    HttpResponse<InputStream> get(Map<String, String> headers) {
        while (true) {
            var request = HttpRequest.newBuilder(uri).timeout(patience.timeout());
            headers.forEach(request::header);
            try {
                var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
                if (isServed(answer.statusCode(), headers)) return answer;
                answer.body().close();
                if (!mayPass(answer.statusCode())) throw refused(answer.statusCode());
                tries.failed("the server answers %d%s".formatted(answer.statusCode(), word(answer.statusCode())),
                        RetryAfter.of(answer.headers().firstValue(RetryAfter.NAME)));
            } catch (SSLException e) {
                throw new UserError("%s: cannot be fetched: no safe connection: %s".formatted(shown, e.getMessage()), e);
            } catch (IOException e) {
                tries.failed(reason(e), Duration.ZERO);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new UserError(shown + ": interrupted while it was fetched", e);
            }
        }
    }

    private static boolean isServed(int status, Map<String, String> headers) {
        return status == OK || headers.containsKey("Range") && (status == PART || status == RANGE) || isSame(status);
    }

    static boolean isSame(int status) { return status == SAME; }

    static boolean isWhole(int status) { return status == OK; }

    static boolean isPart(int status) { return status == PART; }

    private static boolean mayPass(int status) {
        return status >= 500 || status == TIMEOUT || status == EARLY || status == MANY;
    }

    private UserError refused(int status) {
        return new UserError(switch (status) {
            case 404, GONE -> "%s: there is no such file (the server answers %d)".formatted(shown, status);
            case 401, 403, 407 -> ("%s: the server refuses it (%d): it wants a login. Name a command that has one, such as "
                    + "'pipe:curl -sSfL -H …', and give --allow-pipe").formatted(shown, status);
            default -> "%s: cannot be fetched: the server answers %d".formatted(shown, status);
        });
    }

    private static String word(int status) {
        return switch (status) {
            case MANY -> " (too many requests)";
            case 503 -> " (not available)";
            default -> "";
        };
    }

    /// What a failure of the connection is, in words.
    String reason(IOException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) return "the server's name is not known";
        }
        return switch (e) {
            case HttpConnectTimeoutException _ -> "no connection";
            case HttpTimeoutException _ -> "no answer within %d s".formatted(patience.timeout().toSeconds());
            case ConnectException _ -> "the server takes no connection";
            default -> "the connection was cut" + (e.getMessage() == null ? "" : " (" + e.getMessage() + ")");
        };
    }
}
