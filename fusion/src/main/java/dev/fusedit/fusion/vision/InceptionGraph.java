package dev.fusedit.fusion.vision;

import com.google.common.collect.ImmutableMap;
import dev.fusedit.nn.RenamedTensors;
import dev.fusedit.torch.Tensor;
import dev.fusedit.torch.io.TensorInfo;
import dev.fusedit.torch.io.TensorSource;
import dev.fusedit.torch.io.TensorView;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// NVIDIA's translation of the FID's TensorFlow graph to TorchScript (`inception-2015-12-05.pt` of the metrics of StyleGAN, which clean-fid
/// uses too), by the names that an [InceptionV3] reads. Its modules have the names of the graph's nodes, `layers.mixed_1.tower_2.conv`; a
/// convolution's tensors are `weight`, `beta`, `mean` and `var`, and its norm has no scale, which is one.
///
/// @param file renamed; closed with this
record InceptionGraph(TensorSource file) implements TensorView {
    private static final String LAYERS = "layers.", CLASSES = "output.";
    private static final Map<String, String> TENSORS =
            ImmutableMap.of("weight", "conv.weight", "beta", "bn.bias", "mean", "bn.running_mean",
                    "var", "bn.running_var");
    private static final String SHIFT = ".bn.bias", SCALE = ".bn.weight";
    private static final ImmutableMap<String, String> MODULES = modules();

    static boolean is(TensorSource file) { return file.contains(LAYERS + "conv.weight") && file.contains(LAYERS + "conv.beta"); }

    /// What it has beyond the network keeps its name.
    static InceptionGraph of(TensorSource file) { return new InceptionGraph(RenamedTensors.of(file, InceptionGraph::ours)); }

    private static @Nullable String ours(String name) {
        if (name.startsWith(CLASSES)) return null;
        int dot = name.lastIndexOf('.');
        var module = name.startsWith(LAYERS) ? MODULES.get(name.substring(LAYERS.length(), Math.max(dot, LAYERS.length()))) : null;
        var tensor = TENSORS.get(name.substring(dot + 1));
        return module == null || tensor == null ? name : module + "." + tensor;
    }

    private static ImmutableMap<String, String> modules() {
        var modules = ImmutableMap.<String, String>builder();
        modules.put("conv", "Conv2d_1a_3x3").put("conv_1", "Conv2d_2a_3x3").put("conv_2", "Conv2d_2b_3x3").put("conv_3", "Conv2d_3b_1x1")
                .put("conv_4", "Conv2d_4a_3x3");
        for (var block : List.of("5b", "5c", "5d")) branches(modules, block, List.of("branch1x1"), List.of("branch5x5_1", "branch5x5_2"),
                List.of("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"), List.of("branch_pool"));
        branches(modules, "6a", List.of("branch3x3"), List.of("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"));
        for (var block : List.of("6b", "6c", "6d", "6e")) branches(modules, block, List.of("branch1x1"),
                List.of("branch7x7_1", "branch7x7_2", "branch7x7_3"),
                List.of("branch7x7dbl_1", "branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"), List.of("branch_pool"));
        branches(modules, "7a", List.of(), List.of("branch3x3_1", "branch3x3_2"),
                List.of("branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3", "branch7x7x3_4"));
        for (var block : List.of("7b", "7c")) {
            var theirs = theirs(block);
            Map.of("conv", "branch1x1", "tower_conv", "branch3x3_1", "tower_mixed_conv", "branch3x3_2a", "tower_mixed_conv_1",
                    "branch3x3_2b",
                    "tower_1_conv", "branch3x3dbl_1", "tower_1_conv_1", "branch3x3dbl_2", "tower_1_mixed_conv", "branch3x3dbl_3a",
                    "tower_1_mixed_conv_1", "branch3x3dbl_3b", "tower_2_conv", "branch_pool")
                    .forEach((node, ours) -> modules.put(theirs + "." + node, "Mixed_" + block + "." + ours));
        }
        return modules.buildOrThrow();
    }

    /// `mixed`, `mixed_1` … `mixed_10`, in the order of the blocks.
    private static String theirs(String block) {
        int number = List.of("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c").indexOf(block);
        return "mixed" + numbered(number);
    }

    private static String numbered(int number) { return number == 0 ? "" : "_" + number; }

    /// The first branch's one convolution is the block's own; others lie in `tower`, `tower_1` ….
    @SafeVarargs
    private static void branches(ImmutableMap.Builder<String, String> modules, String block, List<String> own, List<String>... towers) {
        for (var one : own) modules.put(theirs(block) + ".conv", "Mixed_" + block + "." + one);
        for (int tower = 0; tower < towers.length; tower++) {
            for (int i = 0; i < towers[tower].size(); i++) modules.put(
                    theirs(block) + ".tower" + numbered(tower) + ".conv" + numbered(i), "Mixed_" + block + "." + towers[tower].get(i));
        }
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        var tensors = new LinkedHashMap<>(file.tensors());
        file.tensors().forEach((name, info) -> {
            if (name.endsWith(SHIFT)) tensors.put(name.replace(SHIFT, SCALE), info);
        });
        return tensors;
    }

    @Override
    public Tensor read(String name) {
        if (!name.endsWith(SCALE) || file.contains(name)) return file.read(name);
        var shift = file.info(name.replace(SCALE, SHIFT));
        return Tensor.ones(shift.dtype(), shift.shape());
    }
}
