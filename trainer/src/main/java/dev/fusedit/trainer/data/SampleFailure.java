package dev.fusedit.trainer.data;

import dev.fusedit.torch.UserError;
import java.util.function.Supplier;

/// A sample that cannot be made: which one, and why.
final class SampleFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private SampleFailure(long key, RuntimeException cause) { super("sample " + key + " cannot be made: " + cause, cause); }

    /// Makes a sample.
    ///
    /// @throws UserError that names the sample, if the cause is something that a person can mend
    /// @throws SampleFailure otherwise
    static <T> T named(long key, Supplier<T> sample) {
        try {
            return sample.get();
        } catch (UserError e) {
            throw new UserError("sample " + key + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new SampleFailure(key, e);
        }
    }
}
