// Sampling: seeds, guidance, steps, grids
//
// With the model of `03-train-blocks.jsh`: where its run is finished the first lines find it, else they train it.

var quick = Boolean.getBoolean("quick");
var recipe = Recipe.find(quick ? "tests/minimal" : "quickstart",
        List.of("evaluation.sets=[seen]", "evaluation.prompts_per_kind=" + (quick ? 1 : 16)));
var folder = Path.of(System.getProperty("runs", "runs"), "two-minutes");
var run = quick ? Train.run(recipe, folder) : Train.run(recipe, folder, 2);
var model = SamplingModel.open(run);
model.defaults().size(32, 32) // measured

// ---- A request
//
// What images somebody wants: prompts, how many of each, a seed. What it leaves open is as the recipe says.

List<Tensor> sample(ImageRequest request) {
    var pixels_B3HW = model.pipeline().generate(request).pixels_B3HW();
    return LongStream.range(0, pixels_B3HW.size(0)).mapToObj(pixels_B3HW::get).toList();
}
var prompts = List.of("a red thing", "a blue thing", "something green", "two yellow things");
Show.grid("prompts", sample(model.defaults().request(prompts).seed(Seed.of(7))), prompts)

// ---- Seeds
//
// The same seed gives the same image, bit for bit; another one another image. An image's noise is its own: it does not depend on what else
// is sampled.

var one = model.defaults().request(List.of("a red thing"));
IO.println("again: " + sample(one.seed(Seed.of(1))).getFirst().sameValues(sample(one.seed(Seed.of(1))).getFirst()));
Show.grid("seeds", sample(one.each(6).seed(Seed.of(1))))

// ---- Guidance
//
// The prediction with the prompt, taken further away from that without: 1 is no guidance, and half the work; much of it gives strong
// colours and little variety. The same noise under each.

var factors = List.of(1.0, 2.0, 3.0, 5.0, 8.0, 12.0);
Show.grid("guidance", factors.stream().map(factor -> sample(one.guidance(factor).seed(Seed.of(3))).getFirst()).toList(),
        factors.stream().map(factor -> "guidance " + factor).toList())

// ---- Steps
//
// Each step takes some noise away. Few are rough, and beyond some nothing changes any more.

var steps = List.of(1, 2, 4, 8, 16, 32);
var images = steps.stream().map(count -> sample(one.steps(count).seed(Seed.of(3))).getFirst()).toList();
for (int i = 0; i < steps.size(); i++) {
    double difference = images.get(i).sub(images.getLast()).abs().mean().item();
    IO.println("%2d steps: mean difference to 32 steps %.3f".formatted(steps.get(i), difference)); // measured
}
Show.grid("steps", images, steps.stream().map(count -> count + " steps").toList())

// ---- Away from something
//
// Guidance leads away from the empty prompt unless another one is named.

Show.grid("negative", Stream.of("", "a red circle").map(text -> sample(one.negative(text).seed(Seed.of(5))).getFirst()).toList(),
        List.of("a red thing", "but no red circle"))

model.close();
