// Two fusions side by side
//
// Joint attention: one softmax over text and image. Cross-attention: the image attends to itself, then to the text by matrices of their
// own. The same data, the same steps, the same seeds; only the fusion differs. One pair of short runs proves nothing: `./fusedit study`
// does this with seeds, tuned rates and intervals.

var quick = Boolean.getBoolean("quick");
var runs = Path.of(System.getProperty("runs", "runs"));

Recipe recipe(String fusion) {
    return Recipe.find("quickstart", List.of("model.fusion=" + fusion, "stages.text.steps=" + (quick ? 2 : 50),
            "stages.fuse.steps=" + (quick ? 2 : 100), "stages.joint.steps=" + (quick ? 1 : 10), "run.precision=f32",
            "sampling.steps=" + (quick ? 1 : 8), "evaluation.sets=[seen]", "evaluation.prompts_per_kind=" + (quick ? 1 : 16)));
}

var joint = Train.run(recipe("joint"), runs.resolve("joint"));
var cross = Train.run(recipe("cross"), runs.resolve("cross"));

// ---- What they are

var both = Comparison.of(List.of(joint, cross));
IO.println(TextTable.of(both.differences()).text());
IO.println(TextTable.of(both.quantities()).text()); // measured

// Cross-attention has more parameters, a second projection of queries and of outputs in each block.

void count(Path run) {
    try (var model = SamplingModel.open(run)) {
        IO.println("%-6s %,d parameters".formatted(run.getFileName(), model.weights().values().stream().flatMap(Weights::all)
                .mapToLong(p -> p.master().numel()).sum()));
    }
}
count(joint);
count(cross);

// ---- What they learned

IO.println(TextTable.of(both.scores()).text()); // measured

// The same prompts from the same noise.

var prompts = List.of("a red thing", "a blue thing", "something green", "two yellow things", "a circle", "a big square");
Tensor images(Path run) {
    try (var model = SamplingModel.open(run)) {
        return TensorScope.scoped(() -> model.pipeline().generate(model.defaults().request(prompts).seed(Seed.of(7))).pixels_B3HW());
    }
}
Show.image("joint", images(joint))

Show.image("cross", images(cross))
