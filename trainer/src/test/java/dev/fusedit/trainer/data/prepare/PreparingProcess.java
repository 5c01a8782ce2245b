package dev.fusedit.trainer.data.prepare;

import java.nio.file.Path;

/// A process that prepares, to be killed: `METADATA OUT PART`.
final class PreparingProcess {
    private PreparingProcess() {}

    public static void main(String[] args) throws InterruptedException {
        try (var preparation = Preparation.open(PreparationTest.request(Path.of(args[0]), Path.of(args[1]), Part.parse(args[2])))) {
            preparation.run((done, all) -> System.out.println(done + "/" + all));
        }
    }
}
