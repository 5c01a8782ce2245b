"""Runs Jupyter notebooks with the kernel jjava, as Jupyter would, and says what their cells gave.

    pip install jjava nbclient
    eval "$(./fusedit shell --jupyter)"
    python examples/run_notebooks.py examples/01-tensors.ipynb examples/02-fused-layer.ipynb

Exits with 1 at the first cell that fails. The notebooks stay as they are; --keep writes NAME.run.ipynb with the output beside each.
"""
import argparse
import collections
import pathlib
import sys

import nbclient
import nbformat


def run(path, keep):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    try:
        nbclient.NotebookClient(notebook, timeout=600, kernel_name="java").execute()
    except nbclient.exceptions.CellExecutionError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return False
    kinds = collections.Counter()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            kinds.update(output.get("data", {output.output_type: ""}).keys())
    code = sum(cell.cell_type == "code" for cell in notebook.cells)
    print(f"{path}: {code} cells, " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    if keep:
        nbformat.write(notebook, pathlib.Path(path).with_suffix(".run.ipynb"))
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    return 0 if all(run(path, arguments.keep) for path in arguments.notebooks) else 1


if __name__ == "__main__":
    sys.exit(main())
