package dev.fusedit.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Opens a scope around each test, and fails a test that leaves live tensors behind it: `@ExtendWith(NoTensorLeaks.class)`.
public final class NoTensorLeaks implements BeforeEachCallback, AfterEachCallback {
    private static final ExtensionContext.Namespace STORE = ExtensionContext.Namespace.create(NoTensorLeaks.class);

    private record Before(TensorScope scope, long live) {}

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(STORE).put("before", new Before(TensorScope.open(), TensorScope.live()));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        var before = context.getStore(STORE).remove("before", Before.class);
        before.scope().close();
        if (context.getExecutionException().isEmpty()) {
            assertThat(TensorScope.live()).as("live tensors after the test\n%s", HandleTrace.report()).isEqualTo(before.live());
        }
    }
}
