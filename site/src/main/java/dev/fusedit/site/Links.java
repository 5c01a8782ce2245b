package dev.fusedit.site;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Where the links and images of HTML pages lead. The web is not asked.
final class Links {
    private static final Pattern LINK = Pattern.compile("\\s(?:href|src)=\"([^\"]*)\"");

    private Links() {}

    /// @return `page: link`, for each that names no file, or a place that its page does not have
    static List<String> broken(List<Path> pages) throws IOException {
        var broken = new ArrayList<String>();
        for (var page : pages) {
            var link = LINK.matcher(Files.readString(page));
            while (link.find()) {
                if (!leads(page, link.group(1).replace("&amp;", "&"))) broken.add(page + ": " + link.group(1));
            }
        }
        return broken;
    }

    private static boolean leads(Path page, String link) throws IOException {
        if (link.matches("[a-z]+:.*")) return true;
        var parts = link.split("#", 2);
        var file = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
        if (!Files.isRegularFile(file)) return false;
        return parts.length == 1 || !file.toString().endsWith(".html") || Files.readString(file).contains(" id=\"" + parts[1] + "\"");
    }
}
