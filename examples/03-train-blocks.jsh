// Training on Blocks in two minutes
//
// Blocks are captioned images of coloured shapes, drawn as they are needed: enough to watch a model learn what words mean, without a download.
// What two minutes teach depends on the machine. This page was made on two cores under a load of nine, where they are about a
// hundred steps: patches have colours, and no caption comes true yet. The eight minutes of `./fusedit train quickstart` on two quiet cores are
// more than two thousand.

// ---- The images
//
// A sample is a function of seed and index, so every run sees the same ones.

var samples = IntStream.range(0, 6).mapToObj(i -> Blocks.sample(1, i, Split.TRAIN)).toList();
Show.pictures("blocks", samples.stream().map(sample -> new PngImage(Blocks.SIDE, Blocks.SIDE, sample.rgb())).toList(),
        samples.stream().map(sample -> sample.caption().text()).toList())

// ---- The recipe
//
// A run is described by a recipe: a model, data, stages, what is measured. This is the quickstart's, of which the stages are made as long
// as two minutes allow on this machine, and less is scored at the end. (With `-Dquick=true` everything is tiny, to see that it runs.)

var quick = Boolean.getBoolean("quick");
var recipe = Recipe.find(quick ? "tests/minimal" : "quickstart",
        List.of("evaluation.sets=[seen]", "evaluation.prompts_per_kind=" + (quick ? 1 : 16)));

// ---- Training
//
// What the run makes lies in its folder: a checkpoint, metrics, plots, images, scores. Run this once more and it finds the run finished;
// stop it in the midst, and it goes on. How far it is stands on the terminal.

var folder = Path.of(System.getProperty("runs", "runs"), "two-minutes");
var run = quick ? Train.run(recipe, folder) : Train.run(recipe, folder, 2);
for (var stage : Recipe.find(run.resolve("recipe.yaml").toString(), List.of()).stages()) {
    IO.println("%-6s %4d steps of %d samples".formatted(stage.name(), stage.steps(), stage.batch())); // measured
}
Show.file("loss", run.resolve("loss.png"))

// Frames say which captions came true.

Show.file("samples", run.resolve("samples.png"))

// ---- Scores
//
// Shares of captions that came true, by kind, and of attributes that are right.

var score = Comparison.of(List.of(run)).scores();
IO.println(TextTable.of(score).text()); // measured
