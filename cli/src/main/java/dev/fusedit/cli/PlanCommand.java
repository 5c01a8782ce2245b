package dev.fusedit.cli;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.torch.Libtorch;
import dev.fusedit.torch.UserError;
import dev.fusedit.torch.host.Host;
import dev.fusedit.trainer.plan.Plan;
import dev.fusedit.trainer.plan.PlanJson;
import dev.fusedit.trainer.plan.PlanText;
import dev.fusedit.trainer.plan.Processes;
import dev.fusedit.trainer.plan.TeacherPlan;
import dev.fusedit.trainer.plan.TeacherPlanText;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import dev.fusedit.trainer.recipe.Training;
import dev.fusedit.trainer.step.Sharding;
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

    @Option(names = "--nproc", paramLabel = "N", defaultValue = "1",
            description = "As one of N processes on this machine that share its steps (./fusedit launch --nproc N): rank 0, and what the "
                    + "others need; no time (default: ${DEFAULT-VALUE}).")
    private int processes;

    @Option(names = "--shard", paramLabel = "WHAT", defaultValue = "none",
            description = "What each of them keeps a part of only, as for train: none, optimizer, gradients (default: ${DEFAULT-VALUE}).")
    private Sharding sharding;

    @Override
    public Integer call() {
        requireProcesses();
        spec.commandLine().getOut().println(switch (choice.any(spec.commandLine().getErr())) {
            case Training.OfModel(var recipe) -> ofModel(recipe);
            case Training.OfTeacher(var recipe) -> ofTeacher(recipe);
        });
        return ExitCode.OK;
    }

    private String ofModel(Recipe recipe) {
        if (processes > 1) Libtorch.setThreads(Math.max(1, Host.here().cores().allowed() / processes));
        var plan = Plan.settled(recipe.sharedBy(processes), new Processes(processes, processes, sharding),
                spec.commandLine().getErr()::println);
        var told = unmeasured || processes > 1 ? plan : plan.measured();
        return json ? PlanJson.of(told).toString() : PlanText.of(told);
    }

    private void requireProcesses() {
        OptionBounds.check("--nproc", Bound.THREADS, processes);
        if (processes == 1 && sharding != Sharding.NONE) throw new UserError("--shard shares out among processes: give --nproc, 2 or more");
    }

    private String ofTeacher(TeacherRecipe recipe) {
        if (processes > 1) throw new UserError("recipe '%s' trains a teacher, which one process does".formatted(recipe.run().name()));
        var plan = TeacherPlan.of(recipe);
        var told = unmeasured || !plan.fits() ? plan : plan.measured();
        return json ? PlanJson.of(told).toString() : TeacherPlanText.of(told);
    }
}
