"""A notebook with every kind of output a cell can make, for the comparison of the two engines."""

from __future__ import annotations

import json
import re
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from opsretro.monthly.notebook import whole_streams

CELLS = (
    ("top = 5\nname = 'x'", "parameters"),
    ("print('hello')\n1 + 1",),
    ("import sys\nprint('err', file=sys.stderr)\nprint('out')",),
    ("import subprocess\nsubprocess.run(['echo', 'from a process'])\nNone",),
    ("!echo shell",),
    ("import os\nn = os.write(1, b'raw bytes\\n')",),
    ("from IPython.display import display, HTML, Markdown, clear_output",),
    ("h = display(HTML('<b>x</b>'), display_id='d1')",),
    ("h.update(HTML('<i>changed</i>'))\ndisplay(Markdown('*m*'), metadata={'k': 1})",),
    ("for i in range(3):\n    clear_output(wait=True)\n    print(i)",),
    ("1 / 0", "raises-exception"),
    ("x =", "raises-exception"),
    ("import asyncio\nawait asyncio.sleep(0.01)\nasyncio.get_running_loop().is_running()",),
    ("async def f():\n    print('task')\n    return 5\nt = asyncio.ensure_future(f())",),
    ("await t",),
    ("import ipywidgets as w\ns = w.IntSlider(value=3)\ns",),
    ("s.value = 7",),
    ("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])",),
    ("fig, ax = plt.subplots()\nax.bar([1], [2])\nfig",),
    ("import pandas as pd\npd.DataFrame({'a': [1, 2.5], 'b': ['x', '中文']})",),
    ("pd.DataFrame({f'a rather long name {n}': ['a rather long text'] for n in range(21)})",),
    ("from tqdm.auto import tqdm\ntqdm.__module__",),
    ("[pd.get_option('display.max_columns'), plt.rcParams['font.size'], plt.get_backend(), plt.isinteractive()]",),
    ("plt.rcParams == __import__('matplotlib').rcParamsDefault",),
    ("never", "skip-execution"),
    ("",),
    ("%%bash\necho magic",),
    ("%pwd",),
    ("_, In[1], __name__, get_ipython().execution_count",),
    ("import logging\nlogging.warning('logged')",),
    ("try:\n    input('?')\nexcept Exception as error:\n    print(type(error).__name__)",),
    ("print('a\\rb')\nprint('ab\\b')\nprint('no newline', end='')",),
    ("from multiprocessing import get_context\nProcess = get_context('fork').Process",),
    ("p = Process(target=print, args=('fork',))\np.start()\np.join()",),
    ("import threading\nt = threading.Thread(target=lambda: print('thread'))\nt.start()\nt.join()",),
    ("class R:\n    def _repr_mimebundle_(self, **_):\n        return {'application/json': {'x': 1}}, {'m': 1}\nR()",),
    ("class B:\n    def _repr_html_(self):\n        raise ValueError(1)\nB()", "raises-exception"),
    ("b'\\x00bytes', {1: (2,)}, ...",),
    ("%%html\n<p>x</p>",),
    ("%history -n 1-3",),
    ("top, name",),
    ("raise KeyError('end')",),
)  # fmt: skip
NOISE = (
    (r"ipykernel_\d+/\d+", "ipykernel_N/N"),
    (r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", "HEX"),
    (r"0x[0-9a-f]+", "0x"),
    (r"/[^'\" ]*/run-zoo", "FOLDER"),
)


def zoo() -> Any:
    """The notebook."""
    cells = [new_markdown_cell("# Zoo")]
    for source, *tags in CELLS:
        cell = new_code_cell(source)
        cell.metadata.tags = tags
        cells.append(cell)
    about = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": about, "language_info": {"name": "python"}})


def likeness(notebook: Any) -> dict[str, Any]:
    """What must be the same whatever engine ran a notebook: all but times, paths and random ids."""
    cells = [
        {
            "type": cell.cell_type,
            "source": cell.source,
            "outputs": whole_streams(cell.get("outputs", ())),
            "count": cell.get("execution_count"),
            "tags": cell.metadata.get("tags"),
            "timed": sorted(cell.metadata.get("execution", {})),
            "papermill": {
                name: value
                for name, value in cell.metadata.get("papermill", {}).items()
                if name in ("status", "exception")
            },
        }
        for cell in notebook.cells
    ]
    widgets = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    about = {name: notebook.metadata.get(name) for name in ("kernelspec", "language_info")}
    ran = {name: notebook.metadata.papermill[name] for name in ("parameters", "exception", "version")}
    found = {"cells": cells, "widgets": sorted(map(_plain, widgets.values())), "about": about, "papermill": ran}
    return json.loads(_plain(found))


def _plain(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    for pattern, mark in NOISE:
        text = re.sub(pattern, mark, text)
    return text
