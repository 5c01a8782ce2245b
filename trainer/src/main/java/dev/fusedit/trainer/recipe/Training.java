package dev.fusedit.trainer.recipe;

import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.recipe.binding.Binder;
import dev.fusedit.trainer.recipe.binding.Problems;
import java.util.List;

/// What a recipe trains: a model that generates images, or, where there is a block `teacher`, a vision encoder to align one with.
public sealed interface Training {
    /// The block that tells the kinds apart.
    String TEACHER = "teacher";

    record OfModel(Recipe recipe) implements Training {
        @Override
        public String canonical() { return recipe.canonical(); }

        @Override
        public String brief() { return recipe.brief(); }
    }

    record OfTeacher(TeacherRecipe recipe) implements Training {
        @Override
        public String canonical() { return recipe.canonical(); }

        @Override
        public String brief() { return recipe.brief(); }
    }

    /// As YAML with every default spelled out; reads back as itself.
    String canonical();

    /// As YAML, as short as it can be written.
    String brief();

    /// A recipe of either kind by its name or file, changed by settings such as `stages.joint.lr.llm=1e-5`.
    ///
    /// @throws UserError naming file, line and key of whatever is wrong
    static Training find(String nameOrPath, List<String> settings) {
        var source = Recipes.find(nameOrPath);
        return parse(source.text(), source.file(), settings);
    }

    /// @param file what errors call it
    static Training parse(String yaml, String file, List<String> settings) {
        var problems = new Problems();
        var root = Recipe.tree(yaml, file, settings, problems);
        return root.entries().containsKey(TEACHER) ? new OfTeacher(Binder.bind(TeacherRecipe.class, root, problems))
                : new OfModel(Binder.bind(Recipe.class, root, problems));
    }
}
