package dev.fusedit.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fusedit.fusion.config.Bound;
import dev.fusedit.torch.UserError;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every number of a recipe has bounds: see [Bound].
class BoundsTest {
    /// Numbers of which every one is meant.
    private static final Set<String> ANY = Set.of("seed");

    private static final String TEACHER_TASK = "learning.task={kind: captions}";

    /// Recipes in which each record of numbers occurs, with a value for numbers that may be left out.
    private static List<Record> recipes() {
        var all = new ArrayList<Record>();
        for (var settings : List.of(
                List.of("stages.joint.optimizer={kind: adafactor}", "stages.joint.schedule={kind: cosine}", "stages.fuse.schedule=linear",
                        "stages.fuse.optimizer={kind: muon}", "stages.fuse.huge_gradient={}", "stages.fuse.grad_clip=1",
                        "stages.fuse.resolution=32", "stages.fuse.mix={}", "stages.fuse.stop={loss_below: 0.1, patience: 3}",
                        "stages.joint.gradient_mask={kind: insulate-llm}", "evaluation.validation={every: 1, samples: 5}",
                        "stages.text.schedule={kind: diffusers, name: polynomial}", "model.fusion=shallow-joint", "model.positions=ape",
                        "stages.text.groups={top: {part: llm, layers: [0, 1], weight_decay: 0.1, thaw: {every: 2}}}",
                        "stages.text.lr.top=1e-3", "data.samples=9", "checkpoints.keep_every=2"),
                List.of("stages.joint.gradient_mask={kind: text-only}", "model.fusion={kind: shallow-cross}",
                        "model.positions={kind: ape, table: 9, sample_side: 9}", "stages.joint.losses.flow.time={kind: mode}",
                        "model.dit.channels=3", "model.dit.detail_head={}"),
                List.of("model.fusion={kind: dual-stream}", "stages.joint.losses.contrastive={layer: 1}",
                        "stages.joint.gradient_mask={kind: image-only}",
                        "stages.text.schedule={kind: diffusers, name: cosine, cycles: 2}"),
                List.of("stages.joint.losses.repa={teacher: {kind: random}, layer: 1, until_step: 4}", "stages.joint.lr.alignment=1e-3",
                        "stages.joint.gradient_mask={kind: custom, rules: [{queries: image, keys: text, factor: 0}]}",
                        "data={kind: webdataset, shards: [a.tar], image_size: 32, captions: [{field: txt}], samples: 9}",
                        "evaluation.sets=[]"),
                List.of("data={kind: parquet, files: [a.parquet], image_size: 32, captions: [{field: text}], samples: 9, "
                        + "captions_from: {file: b.csv}}",
                        "evaluation.sets=[]"),
                List.of("data={kind: mix, samples: 9, sources: [{name: a, data: {kind: folder, path: a, image_size: 32}}]}",
                        "evaluation.sets=[]"),
                List.of("data={kind: folder, path: a, image_size: 32, captions: [{field: txt}], samples: 9}", "evaluation.sets=[]"),
                List.of("data={kind: folder, path: a, image_size: 32, captions: [{field: txt}], samples: 9, aspect_buckets: {step: 8}}",
                        "evaluation.sets=[]"),
                List.of("stages.joint.losses.flow.time={kind: mixture, parts: [{weight: 3, time: mode}, {time: uniform}]}"),
                List.of("model.llm={kind: pretrained, name: google/gemma-2b, layers: 2}"))) {
            all.add(Recipe.find("tests/minimal", settings));
        }
        all.add(TeacherRecipe.find("blocks-teacher", List.of("learning.grad_clip=1")));
        all.add(TeacherRecipe.find("blocks-teacher", List.of(TEACHER_TASK)));
        all.add(TeacherRecipe.find("blocks-teacher", List.of("learning.task={kind: hidden-patches, view: 8}")));
        return all;
    }

    private static void collect(Object value, Map<Class<?>, List<Record>> found, Set<Object> seen) throws ReflectiveOperationException {
        switch (value) {
            case null -> {}
            case List<?> list -> {
                for (var element : list) collect(element, found, seen);
            }
            case Map<?, ?> map -> collect(List.copyOf(map.values()), found, seen);
            case Record record -> {
                if (!seen.add(record)) return;
                found.computeIfAbsent(record.getClass(), _ -> new ArrayList<>()).add(record);
                for (var component : record.getClass().getRecordComponents()) collect(value(component, record), found, seen);
            }
            default -> {}
        }
    }

    private static @Nullable Object value(RecordComponent component, Record record) throws ReflectiveOperationException {
        component.getAccessor().setAccessible(true);
        return component.getAccessor().invoke(record);
    }

    private static List<Object> extremes(Class<?> type) {
        if (type == int.class || type == Integer.class) return List.of(Integer.MAX_VALUE, Integer.MIN_VALUE);
        if (type == OptionalInt.class) return List.of(OptionalInt.of(Integer.MAX_VALUE), OptionalInt.of(Integer.MIN_VALUE));
        if (type == double.class || type == Double.class) {
            return List.of(1e300, -1e300, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
        }
        return List.of();
    }

    private static boolean takes(Record record, int index, Object extreme) throws ReflectiveOperationException {
        var components = record.getClass().getRecordComponents();
        var values = new Object[components.length];
        for (int i = 0; i < values.length; i++) values[i] = i == index ? extreme : value(components[i], record);
        var constructor =
                record.getClass().getDeclaredConstructor(Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
        constructor.setAccessible(true);
        try {
            constructor.newInstance(values);
            return true;
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException) return false;
            throw e;
        }
    }

    @Test
    void everyNumberOfEveryRecordHasBounds() throws ReflectiveOperationException {
        var found = new LinkedHashMap<Class<?>, List<Record>>();
        for (var recipe : recipes()) collect(recipe, found, java.util.Collections.newSetFromMap(new IdentityHashMap<>()));
        var open = new LinkedHashSet<String>();
        int tried = 0;
        for (var entry : found.entrySet()) {
            var components = entry.getKey().getRecordComponents();
            for (int i = 0; i < components.length; i++) {
                if (ANY.contains(components[i].getName())) continue;
                assertThat(components[i].getType()).as("a long is a seed").isNotEqualTo(long.class);
                for (var extreme : extremes(components[i].getType())) {
                    tried++;
                    if (takes(entry.getValue().getFirst(), i, extreme)) {
                        open.add(entry.getKey().getSimpleName() + "." + components[i].getName() + ": " + extreme);
                    }
                }
            }
        }
        assertThat(open).isEmpty();
        assertThat(found.keySet()).extracting(Class::getSimpleName).contains("Muon", "Adafactor", "Diffusers", "DualStream", "Thaw", "Stop",
                "Contrastive", "Repa", "WebDataset", "CaptionField", "Captions", "HiddenPatches", "Validation", "Ape", "Rule", "Mode");
        assertThat(tried).isGreaterThan(300);
    }

    /// What fits its own bounds, but not beside another one.
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        model.llm.head_width=1073741824                       | head_width
        model.llm.head_width=1048576                          | times heads
        stages.fuse.batch=2147483647                          | batch
        model.llm.layers=100000000                            | layers
        stages.fuse.batch=1048576 data.image_size=4096        | stages.fuse.batch
        data.image_size=67108864                              | data.image_size
        stages.fuse.resolution=1048576                        | resolution
        model.dit.patch=65536                                 | squared times channels
        model.shared_layers=[2147483647]                      | shared_layers
        model.llm.max_tokens=2147483647                       | max_tokens
        """)
    void productsOfSizesHaveBounds(String settings, String key) {
        assertThatThrownBy(() -> Recipe.find("tests/minimal", List.of(settings.split(" ")))).isInstanceOf(UserError.class)
                .hasMessageContaining(key);
    }

    @Test
    void epochsOfManyImagesHaveBounds() {
        var yaml =
                Recipe.find("tests/minimal", List.of("data.samples=1000000000")).canonical().replaceFirst("steps: 4\\n", "epochs: 1e9\n");
        assertThatThrownBy(() -> Recipe.parse(yaml, "r.yaml", List.of())).isInstanceOf(UserError.class).hasMessageContaining("r.yaml:")
                .hasMessageContaining("epochs");
    }

    @ParameterizedTest
    @ValueSource(strings = {"stages.fuse.lr.dit=1e-60", "stages.fuse.lr.dit=1e39", "stages.fuse.ema.decay=0.99999999999",
        "stages.joint.losses.flow.shift=1e9", "stages.joint.losses.flow.time={kind: logit-normal, std: 1e-30}", "sampling.guidance=1e30",
        "sampling.shift=1e-12", "model.llm.init_range=1e30", "stages.fuse.caption_dropout=0.999999999999", "sampling.steps=2147483647",
        "stages.fuse.optimizer={kind: adamw, betas: [0.9, 0.99999999999999]}", "run.minutes=1e12"})
    void whatSinglePrecisionTakesForAnotherNumberIsRefused(String setting) {
        assertThatThrownBy(() -> Recipe.find("tests/minimal", List.of(setting))).isInstanceOf(UserError.class)
                .hasMessageContaining(setting.substring(setting.lastIndexOf('.', setting.indexOf('=')) + 1, setting.indexOf('=')));
    }

    @ParameterizedTest
    @ValueSource(strings = {"weights.llm=''", "weights.model=' '", "weights.tokenizer=''", "run.output=''", "weights.vae=''",
        "stages.joint.losses.repa={layer: 1, teacher: {kind: dinov2, path: ''}}",
        "data={kind: webdataset, shards: [a.tar, ''], image_size: 32, captions: [{field: txt}]}"})
    void anEmptyPathIsRefused(String setting) {
        assertThatThrownBy(() -> Recipe.find("tests/minimal", List.of(setting))).isInstanceOf(UserError.class)
                .hasMessageContaining("must be a path, but is empty");
    }

    @Test
    void aBoundNamesItselfAndTheNumber() {
        assertThatThrownBy(() -> Bound.BATCH.check("batch", 1 << 30)).hasMessage("batch must be at most 1048576, but is 1073741824");
        assertThatThrownBy(() -> Bound.GUIDANCE.check("--guidance", Double.NaN)).hasMessage("--guidance must be at least 1, but is NaN");
        assertThatThrownBy(() -> Bound.POSITIVE.check("eps", 1e-50)).hasMessageContaining("eps must be at least 1.17");
        assertThatThrownBy(() -> Bound.POSITIVE.check("eps", 0.0)).hasMessage("eps must be more than 0, but is 0.0");
        assertThat(Bound.checkShare("decay", 0.9999)).isEqualTo(0.9999);
    }
}
