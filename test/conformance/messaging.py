"""The public suite of tests for Jupyter kernels, on ours.

An optional check, not part of `npm test`, because it needs Python. From the package's folder, after `npm run build`:

    python3 -m venv venv
    venv/bin/pip install jupyter_kernel_test
    venv/bin/python test/conformance/messaging.py

Every test of the suite is given what it needs, so none is skipped.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]
PREFIX = tempfile.TemporaryDirectory(prefix="axial-conformance-")
subprocess.run(
    ["node", PACKAGE / "dist/src/cli/main.js", "kernel", "install", "--prefix", PREFIX.name, "--name", "axial-lab"],
    check=True,
    stdout=subprocess.DEVNULL,
)
# Read when jupyter_client is imported.
os.environ["JUPYTER_PATH"] = str(Path(PREFIX.name) / "share" / "jupyter")

import jupyter_kernel_test  # noqa: E402

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="


def show(mime: str, value: str) -> dict[str, str]:
    """A cell that shows a value of this type."""
    return {"code": f"import {{ display }} from 'tslab';\ndisplay.raw({mime!r}, {value!r});", "mime": mime}


class MessagingTest(jupyter_kernel_test.KernelTests):
    kernel_name = "axial-lab"
    language_name = "typescript"
    file_extension = ".ts"

    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('test')"
    code_page_something = "parseInt?"
    code_generate_error = "throw new Error('on purpose')"
    code_execute_result = [{"code": "6 * 7", "result": "42"}, {"code": "'a' + 'b'", "result": "'ab'"}]
    code_display_data = [show("image/png", PIXEL), show("text/html", "<b>bold</b>"), show("text/markdown", "**bold**")]
    code_clear_output = (
        "(globalThis as any)[Symbol.for('axial-lab.kernel-host')].clearOutput({ wait: true });"
    )
    code_inspect_sample = "parseInt"

    completion_samples = [
        {"text": "console.lo", "matches": {"log"}},
        {"text": "[1].toSor", "matches": {"toSorted"}},
        {"text": "parseI", "matches": {"parseInt"}},
    ]
    complete_code_samples = ["1 + 1", "const a = 1;", "function f() {\n  return 1;\n}", "await Promise.resolve(1)"]
    incomplete_code_samples = ["function f() {", "[1, 2,", "const text = `open"]
    invalid_code_samples = ["const = 1", "foo)", "let 1a = 2"]

    code_history_pattern = "6*7"
    supported_history_operations = ("tail", "range", "search")


class WelcomeTest(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "axial-lab"
    support_iopub_welcome = True


del jupyter_kernel_test

if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
