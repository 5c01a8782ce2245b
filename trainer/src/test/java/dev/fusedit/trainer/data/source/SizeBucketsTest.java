package dev.fusedit.trainer.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.fusedit.trainer.data.image.CoverCrop;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.PerceptualHash;
import dev.fusedit.trainer.data.image.PillowResize.Filter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SizeBucketsTest {
    private static final List<ImageSize> SIZES = List.of(size(48, 80), size(56, 72), size(64, 64), size(72, 56), size(80, 48));

    private static ImageSize size(int width, int height) { return new ImageSize(width, height); }

    private static SampleFacts sample(int index, int width, int height) {
        return new SampleFacts(index, width, height, "a", new PerceptualHash(0, 0, 0, 0));
    }

    @ParameterizedTest
    @CsvSource({"500, 500, 64x64", "500, 501, 64x64", "300, 400, 56x72", "400, 300, 72x56", "9, 16, 48x80", "1, 1000, 48x80",
        "1000, 1, 80x48", "1920, 1080, 80x48", "113, 100, 64x64", "114, 100, 72x56", "100, 114, 56x72"})
    void eachImageHasTheNearestAspectRatio(int width, int height, String nearest) {
        assertThat(SizeBuckets.nearest(size(width, height), SIZES).word()).isEqualTo(nearest);
    }

    @Test
    void ofOneRatioTheLargestThatNeedsNoEnlargingIsTaken() {
        var sizes = List.of(size(256, 256), size(64, 64), size(128, 128), size(128, 64));
        assertThat(SizeBuckets.nearest(size(200, 200), sizes)).isEqualTo(size(128, 128));
        assertThat(SizeBuckets.nearest(size(300, 310), sizes)).isEqualTo(size(256, 256));
        assertThat(SizeBuckets.nearest(size(20, 20), sizes)).isEqualTo(size(64, 64));
    }

    @Test
    void everySampleIsInOneBucketAndWhatItLosesIsTold() {
        var samples = List.of(sample(0, 100, 100), sample(3, 640, 320), sample(4, 40, 24), sample(7, 128, 128), sample(9, 70, 70));
        var buckets = SizeBuckets.of(samples, SIZES);
        assertThat(buckets.buckets()).extracting(bucket -> bucket.size().word()).containsExactly("64x64", "80x48");
        assertThat(buckets.samples()).isEqualTo(5);
        assertThat(buckets.buckets().getFirst().samples()).extracting(SampleFacts::index).containsExactly(0, 7, 9);
        assertThat(buckets.buckets().getFirst().cut()).isZero();
        assertThat(buckets.buckets().getFirst().enlarged()).isZero();
        assertThat(buckets.buckets().getLast().cut()).as("96 x 48 loses a sixth, 80 x 48 nothing").isCloseTo(1 / 12.0, within(1e-12));
        assertThat(buckets.buckets().getLast().enlarged()).isEqualTo(0.5);
        var report = BucketReport.of(List.of("fuse", "joint"), 3, buckets);
        assertThat(report.text()).contains("Aspect-ratio buckets of fuse, joint", "80x48", "8.3 %", "50.0 %",
                "80x48: fewer images than the 3 of a batch");
        assertThat(report.json())
                .hasToString("{\"stages\":[\"fuse\",\"joint\"],\"sizes\":[{\"width\":64,\"height\":64,\"images\":3,\"cut\":0.0,"
                        + "\"enlarged\":0.0},{\"width\":80,\"height\":48,\"images\":2,\"cut\":" + buckets.buckets().getLast().cut()
                        + ",\"enlarged\":0.5}]}");
    }

    /// 5 own images 12 times in an epoch, and 9 that are drawn: of the 12 three fifths are square.
    @Test
    void aMixtureTellsTheImagesOfAnEpoch() {
        var samples = List.of(sample(0, 100, 100), sample(3, 640, 320), sample(4, 40, 24), sample(7, 128, 128), sample(9, 70, 70));
        var rows = new ArrayList<>(BucketReport.rows(SizeBuckets.of(samples, SIZES), 12));
        rows.add(new BucketReport.Row(size(64, 64), 9, 0, 0));
        rows.add(new BucketReport.Row(size(80, 48), 5, 0, 0));
        var report = BucketReport.mixed(List.of("fuse"), 11, SIZES, rows);
        assertThat(report.rows()).extracting(row -> row.size().word() + " " + row.images()).containsExactly("64x64 16", "80x48 10");
        assertThat(report.rows().getLast().cut()).isCloseTo(5 / 12.0 / 10, within(1e-12));
        assertThat(report.rows().getLast().enlarged()).isEqualTo(0.25);
        assertThat(report.text()).contains("80x48: fewer images than the 11 of a batch");
    }

    @ParameterizedTest
    @CsvSource({"100, 37, 80, 48, 129, 48", "37, 100, 80, 48, 80, 216", "80, 48, 80, 48, 80, 48", "9, 7, 48, 80, 102, 80",
        "640, 480, 64, 64, 85, 64"})
    void aCropIsCovered(int width, int height, int cropWidth, int cropHeight, int wide, int high) {
        var crop = new CoverCrop(size(cropWidth, cropHeight), Filter.BICUBIC);
        assertThat(crop.covering(size(width, height))).isEqualTo(size(wide, high));
        assertThat(crop.cut(size(width, height))).isCloseTo(1 - (double) cropWidth * cropHeight / (wide * high), within(1e-12));
    }
}
