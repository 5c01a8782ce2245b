package dev.fusedit.cli.notebook;

import java.util.Map;
import jdk.jshell.execution.DirectExecutionControl;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;

/// Snippets run on the thread that hands them in. The JDK's `local` engine starts a thread per snippet, which tensor scopes,
/// bound to their thread, could not outlive.
final class DirectExecution implements ExecutionControlProvider {
    @Override
    public String name() { return "direct"; }

    @Override
    public ExecutionControl generate(ExecutionEnv env, Map<String, String> parameters) { return new DirectExecutionControl(); }
}
