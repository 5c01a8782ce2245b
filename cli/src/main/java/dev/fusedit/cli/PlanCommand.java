package dev.fusedit.cli;

import dev.fusedit.trainer.plan.Plan;
import dev.fusedit.trainer.plan.PlanJson;
import dev.fusedit.trainer.plan.PlanText;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "plan",
        description = {"Tells what a recipe takes before it is run: parameters, memory, work, time, and whether it fits here.",
            "Nothing is allocated; the exit code is 0 whether it fits or not."})
final class PlanCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RecipeChoice choice;

    @Option(names = "--no-measure", description = "Leave out the time, for which this machine's speed is measured (at most 20 s).")
    private boolean unmeasured;

    @Option(names = "--json", description = "The same for programs.")
    private boolean json;

    @Override
    public Integer call() {
        var plan = Plan.settled(choice.read(spec.commandLine().getErr()), spec.commandLine().getErr()::println);
        var told = unmeasured ? plan : plan.measured();
        spec.commandLine().getOut().println(json ? PlanJson.of(told).toString() : PlanText.of(told));
        return ExitCode.OK;
    }
}
