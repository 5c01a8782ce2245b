"""Images of a served model by OpenAI's own client: python openai_client.py "a red thing" -n 2 --out images

    ./fusedit serve --model runs/quickstart

has to run. Writes OUT/0.png and so on; with --stream the images seen on the way too, OUT/0-partial.png. OPENAI_API_KEY is the server's token,
where it has one; --base-url names another server than the one on this machine. Fields that OpenAI does not have go in extra_body. What the
server refuses is said in one line, with its status (400 a request that cannot be done, 401 another token), and makes the exit code 1.

Needs the package openai.
"""
import argparse
import base64
import os
import sys
from pathlib import Path

import openai


def write(folder, name, b64_png):
    file = folder / f"{name}.png"
    file.write_bytes(base64.b64decode(b64_png))
    print(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompt")
    parser.add_argument("-n", type=int, default=1, help="images")
    parser.add_argument("--size", default="auto", help="WIDTHxHEIGHT; the model's own unless given")
    parser.add_argument("--seed", type=int, help="with which the same images are made again")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--stream", action="store_true", help="two images on the way, then the image")
    parser.add_argument("--out", type=Path, default=Path("images"))
    parser.add_argument("--base-url", default="http://127.0.0.1:8080/v1")
    options = parser.parse_args()
    ours = {name: value for name in ("seed", "steps") if (value := getattr(options, name)) is not None}
    client = openai.OpenAI(base_url=options.base_url, api_key=os.environ.get("OPENAI_API_KEY", "none"))
    try:
        model = next(iter(client.models.list())).id
        asked = dict(model=model, prompt=options.prompt, n=options.n, size=options.size, extra_body=ours)
        options.out.mkdir(parents=True, exist_ok=True)
        if options.stream:
            made = 0
            for event in client.images.generate(stream=True, partial_images=2, **asked):
                if event.type == "image_generation.partial_image":
                    write(options.out, f"{event.partial_image_index}-partial", event.b64_json)
                elif event.type == "image_generation.completed":
                    write(options.out, made, event.b64_json)
                    made += 1
        else:
            for i, image in enumerate(client.images.generate(**asked).data):
                write(options.out, i, image.b64_json)
    except openai.APIStatusError as refused:
        sys.exit(f"{refused.status_code}: {refused.body['message']}")
    except openai.APIConnectionError:
        sys.exit(f"no server answers at {options.base_url}: start one by ./fusedit serve")


if __name__ == "__main__":
    main()
