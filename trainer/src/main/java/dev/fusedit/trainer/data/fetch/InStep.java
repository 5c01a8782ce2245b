package dev.fusedit.trainer.data.fetch;

import java.io.IOException;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.io.HttpRequestExecutor;
import org.apache.hc.core5.http.io.HttpClientConnection;
import org.apache.hc.core5.http.io.HttpResponseInformationCallback;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.Timeout;

/// Uses no connection again over which more came than its last answer was said to have: what is left over would be taken for the next one.
final class InStep extends HttpRequestExecutor {
    private static final Timeout SOON = Timeout.ofMilliseconds(1);

    /// Such a connection; it is closed, and the request was not sent.
    static final class LeftOver extends IOException {
        private static final long serialVersionUID = 1;
    }

    @Override
    public ClassicHttpResponse execute(ClassicHttpRequest request, HttpClientConnection connection, HttpResponseInformationCallback told,
            HttpContext context) throws IOException, HttpException {
        var before = connection.getEndpointDetails();
        if (before != null && before.getRequestCount() > 0 && connection.isDataAvailable(SOON)) throw new LeftOver();
        return super.execute(request, connection, told, context);
    }
}
