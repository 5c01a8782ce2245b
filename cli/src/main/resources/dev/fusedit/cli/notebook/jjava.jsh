{
    var png = org.dflib.jjava.jupyter.kernel.display.mime.MIMEType.IMAGE_PNG;
    var shown = kernel().getRenderer().createRegistration(ShownImage.class).preferring(png);
    shown.register((image, context) -> context.renderIfRequested(png, () -> {
        try {
            return Base64.getEncoder().encodeToString(Files.readAllBytes(image.file()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }));
}
