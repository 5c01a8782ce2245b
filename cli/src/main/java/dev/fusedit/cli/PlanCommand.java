package dev.fusedit.cli;

import dev.fusedit.trainer.plan.Plan;
import dev.fusedit.trainer.plan.PlanJson;
import dev.fusedit.trainer.plan.PlanText;
import dev.fusedit.trainer.plan.TeacherPlan;
import dev.fusedit.trainer.plan.TeacherPlanText;
import dev.fusedit.trainer.recipe.Recipe;
import dev.fusedit.trainer.recipe.TeacherRecipe;
import dev.fusedit.trainer.recipe.Training;
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
        spec.commandLine().getOut().println(switch (choice.any(spec.commandLine().getErr())) {
            case Training.OfModel(var recipe) -> ofModel(recipe);
            case Training.OfTeacher(var recipe) -> ofTeacher(recipe);
        });
        return ExitCode.OK;
    }

    private String ofModel(Recipe recipe) {
        var plan = Plan.settled(recipe, spec.commandLine().getErr()::println);
        var told = unmeasured ? plan : plan.measured();
        return json ? PlanJson.of(told).toString() : PlanText.of(told);
    }

    private String ofTeacher(TeacherRecipe recipe) {
        var plan = TeacherPlan.of(recipe);
        var told = unmeasured || !plan.fits() ? plan : plan.measured();
        return json ? PlanJson.of(told).toString() : TeacherPlanText.of(told);
    }
}
