package dev.fusedit.trainer.data.prepare;

import com.google.common.hash.Hashing;
import dev.fusedit.torch.UserError;
import dev.fusedit.trainer.data.fetch.FetchFailure;
import dev.fusedit.trainer.data.fetch.Fetcher;
import dev.fusedit.trainer.data.image.ImageDecoder;
import dev.fusedit.trainer.data.image.ImageDecoding;
import dev.fusedit.trainer.data.image.ImageSize;
import dev.fusedit.trainer.data.image.JpegEncoder;
import dev.fusedit.trainer.data.image.PHash;
import dev.fusedit.trainer.data.image.PillowResize;
import dev.fusedit.trainer.data.image.RgbImage;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalDouble;

/// From a row to a sample, or to the cause for which there is none. Any number of threads.
///
/// @param mostBytes of a file in an archive; of one on the web the fetcher knows
record RowJob(Filters filters, ImageRules images, BlockedHashes blocked, Forgotten forgotten, Fetcher fetcher, int mostBytes,
        PixelBudget budget) {
    private static final String IMAGE = "the image";

    /// @param open the archives of its shard
    /// @param spool takes the image
    Decision decide(MetadataRow row, OpenArchives open, ShardSpool spool) throws InterruptedException, IOException {
        if (forgotten.hasUrl(row.url())) return Decision.leftOut(RowCause.FORGOTTEN, "");
        if (row.cause().isPresent()) return Decision.leftOut(row.cause().get(), "");
        if (row.place().isPresent()) {
            var place = row.place().get();
            return place.bytes() > mostBytes ? Decision.tooLarge(place.bytes()) : open.use(place, file -> judged(row, file, spool));
        }
        try {
            return fetcher.fetch(row.url(), file -> judged(row, file, spool));
        } catch (FetchFailure e) {
            return Decision.notFetched(e);
        }
    }

    private Decision judged(MetadataRow row, byte[] file, ShardSpool spool) throws InterruptedException, IOException {
        var sha256 = Hashing.sha256().hashBytes(file).toString();
        if (forgotten.hasFile(sha256)) return Decision.leftOut(RowCause.FORGOTTEN, "");
        if (blocked.sha256().contains(sha256)) return Decision.leftOut(RowCause.BLOCKED_HASH, "SHA-256");
        try {
            var size = ImageDecoder.size(file, IMAGE, ImageDecoding.STRICT);
            var wrong = wrongSize(size);
            if (wrong.isPresent()) return wrong.get();
            return budget.within((long) size.width() * size.height(), () -> decoded(row, file, sha256, spool));
        } catch (UserError e) {
            return Decision.unfit(RowCause.BROKEN_IMAGE, e.getMessage());
        }
    }

    /// The size and form that the metadata promised.
    private Optional<Decision> wrongSize(ImageSize size) {
        int longer = Math.max(size.width(), size.height()), shorter = Math.min(size.width(), size.height());
        if ((long) longer * shorter > Math.min(images.mostPixels(), budget.mostPixels()))
            return Optional.of(Decision.unfit(RowCause.TOO_MANY_PIXELS, size.toString()));
        if (shorter < limit(PublishedSet.MIN_SIZE).orElse(0)) return Optional.of(Decision.leftOut(RowCause.SIZE, "is " + size));
        if (longer > limit(PublishedSet.MAX_ASPECT).orElse(Double.POSITIVE_INFINITY) * shorter)
            return Optional.of(Decision.leftOut(RowCause.ASPECT, "is " + size));
        return Optional.empty();
    }

    private OptionalDouble limit(String name) { return filters.value(name); }

    private Decision decoded(MetadataRow row, byte[] file, String sha256, ShardSpool spool) throws IOException {
        var image = ImageDecoder.decode(file, IMAGE, ImageDecoding.STRICT);
        long phash = phash(row, file, image);
        if (forgotten.hasLook(phash)) return Decision.leftOut(RowCause.FORGOTTEN, "");
        if (blocked.looksLikeOne(phash, images.phashBits())) return Decision.leftOut(RowCause.BLOCKED_HASH, "pHash " + PHash.hex(phash));
        int apart = row.phash().map(expected -> PHash.distance(expected, phash)).orElse(0);
        if (apart > images.phashBits())
            return Decision.leftOut(RowCause.CHANGED, "its pHash is %s, %d bits from the metadata's".formatted(PHash.hex(phash), apart));
        var resized = resized(image);
        var place = spool.add(JpegEncoder.encode(resized, images.quality()));
        return new Decision.Kept(place, new Decision.Size(resized.width(), resized.height()),
                new Decision.Size(image.width(), image.height()), sha256, PHash.hex(phash));
    }

    /// As Python has it, which neither turns an image nor lays it over white: only where that may matter is it decoded that way too.
    private long phash(MetadataRow row, byte[] file, RgbImage seen) {
        long asSeen = PHash.of(seen);
        if (row.phash().isEmpty() || PHash.distance(row.phash().get(), asSeen) <= images.phashBits()) return asSeen;
        return PHash.of(ImageDecoder.decode(file, IMAGE, ImageDecoding.REFERENCE));
    }

    private RgbImage resized(RgbImage image) {
        int shorter = Math.min(image.width(), image.height());
        if (images.size() == 0 || shorter <= images.size()) return image;
        double scale = (double) images.size() / shorter;
        return PillowResize.resize(image, (int) Math.rint(image.width() * scale), (int) Math.rint(image.height() * scale),
                PillowResize.Filter.LANCZOS);
    }
}
