package dev.fusedit.torch;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/// How many CPU threads libtorch has during each test of a class: as many as the process has (`OMP_NUM_THREADS`, or the cores), but within
/// these bounds. The number decides which kernels are taken ([dev.fusedit.torch.fused.Fused#serves]), so a test that means a certain way
/// names it here and asserts that it was the one. Afterwards libtorch has as many as before.
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(Threads.Bound.class)
public @interface Threads {
    int atLeast() default 1;

    int atMost() default Integer.MAX_VALUE;

    /// Sets them. A method's bounds hold in place of its class's.
    final class Bound implements BeforeEachCallback, AfterEachCallback {
        private static final ExtensionContext.Namespace STORE = ExtensionContext.Namespace.create(Bound.class);

        @Override
        public void beforeEach(ExtensionContext context) {
            int before = Libtorch.threads();
            context.getStore(STORE).put("before", before);
            var bounds = AnnotationSupport.findAnnotation(context.getRequiredTestMethod(), Threads.class)
                    .or(() -> AnnotationSupport.findAnnotation(context.getRequiredTestClass(), Threads.class))
                    .orElseThrow();
            Libtorch.setThreads(Math.clamp(before, bounds.atLeast(), bounds.atMost()));
        }

        @Override
        public void afterEach(ExtensionContext context) {
            Libtorch.setThreads(context.getStore(STORE).remove("before", Integer.class));
        }
    }
}
