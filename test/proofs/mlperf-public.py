"""Measures a device by the Python of MLPerf Tiny's public runner, without its search for USB devices:

    mlperf-public.py RUNNER PORT DATASETS MODEL IMAGES

RUNNER is benchmark/runner of github.com/mlcommons/tiny (it needs pyserial and numpy), DATASETS/MODEL holds the images and
y_labels.csv. Prints top-1 over IMAGES images and the median of five windows of ten seconds, as its main.py computes them.
"""

import statistics
import sys
import time

runner, port, datasets, model, images = sys.argv[1:]
sys.path.insert(0, runner)
out = sys.stdout  # script.py takes sys.stdout for its log

from datasets import DataSet  # noqa: E402
from device_under_test import DUT  # noqa: E402
from script import Script  # noqa: E402

WINDOW_SECONDS = 10

dut = DUT(port)
# Without it a line that comes more than 5 s after another, as in any window of 10 s, ends the run.
dut._port._timeout = 600
with dut:
    time.sleep(2)
    dut.get_name()
    dut.get_model()
    dut.get_profile()
    assert dut.get_model() == model, dut.get_model()

    def run(mode, loops, infer):
        steps = [{f"loop {loops}": ["download", infer]}]
        test = {"name": model, "model": model, "truth_file": "y_labels.csv", "script": steps}
        script = Script(test)
        found = script.run(None, dut, DataSet(f"{datasets}/{model}", script.truth), mode)
        return [one for one in found if "infer" in one]

    accuracy = run("a", images, "infer 1 0")
    right = sum(r["infer"]["results"].index(max(r["infer"]["results"])) == int(r["class"]) for r in accuracy)
    fastest = min(r["infer"]["elapsed_time"] for r in accuracy) / 1e6
    performance = run("p", 5, f"infer {int(1.1 * WINDOW_SECONDS / fastest) + 1} 2")

rates = [r["infer"]["throughput"] for r in performance]
windows = [r["infer"]["elapsed_time"] / 1e6 for r in performance]
print(f"top-1 {100 * right / len(accuracy):.1f} % of {len(accuracy)}", file=out)
print(f"windows of {', '.join(f'{seconds:.3f}' for seconds in windows)} s", file=out)
print(f"median {statistics.median(rates):.3f} inferences a second", file=out)
