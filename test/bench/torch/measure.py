"""Times one piece of work in PyTorch; prints one JSON line. `--help` lists what it takes.

    python3 measure.py --what step --model vit_b --size 256 --batch 4 --threads 2
    python3 measure.py --verify test/fixtures/parity/tiny
"""

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from configs import at_size, configs
from layers import ATTENTION
from medsa import MedSa, dice_ce, iou_error, upsample
from verify import verify


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verify", type=Path, metavar="FOLDER", help="compare with goldens instead; 1 if any differs")
    parser.add_argument("--what", choices=("step", "forward", "encode"), default="step")
    parser.add_argument("--model", choices=configs, default="vit_b")
    parser.add_argument("--size", type=int, default=256, help="side of the images, pixels")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, help="processor threads (PyTorch's own choice)")
    parser.add_argument("--mode", choices=("eager", "compile"), default="eager")
    parser.add_argument("--tf32", action="store_true", help="let CUDA multiply float32 matrices in TF32")
    parser.add_argument("--attention", choices=ATTENTION, default="sdpa")
    parser.add_argument("--runs", type=int, default=7, help="timed runs, after two that warm up")
    parser.add_argument(
        "--serve",
        action="store_true",
        help="print a line when ready, then one timed run for each line of standard input: the attention to use",
    )
    return parser.parse_args()


def workload(options: argparse.Namespace) -> tuple[MedSa, Callable[[], object]]:
    """The model with small random weights, and the work that is timed. Times do not depend on the values."""
    torch.manual_seed(1)
    config = at_size(configs[options.model], options.size)
    # The encoder alone is SAM's; step and forward run the adapted model.
    model = MedSa(config, adapted=options.what != "encode").to(options.device)
    images = torch.randn(options.batch, 3, options.size, options.size, device=options.device)
    if options.what == "encode":
        encode = compiled(model.image_encoder, options)
        return model, torch.inference_mode()(lambda: encode(images))

    # One click, and the token that is no point which stands where a box could.
    points = torch.full((options.batch, 2, 2), options.size / 2, device=options.device)
    labels = torch.tensor([[1, -1]], device=options.device).expand(options.batch, 2).contiguous()
    if options.what == "forward":
        forward = compiled(model, options)
        return model, torch.inference_mode()(lambda: forward(images, points, labels))

    target = (torch.rand(options.batch, 1, options.size, options.size, device=options.device) < 0.5).float()
    trainable = list(model.adapters().values())
    optimiser = torch.optim.AdamW(trainable, lr=1e-4, weight_decay=0.01, fused=True)

    def loss_of() -> torch.Tensor:
        masks, iou = model(images, points, labels)
        logits = upsample(masks, target)
        return dice_ce(logits, target) + iou_error(iou, logits, target)

    forward_loss = compiled(loss_of, options)

    def step() -> float:
        optimiser.zero_grad()
        loss = forward_loss()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        optimiser.step()
        return loss.item()

    return model, step


def compiled(work: Callable, options: argparse.Namespace) -> Callable:
    return torch.compile(work) if options.mode == "compile" else work


def timed(work: Callable[[], object], device: str) -> dict[str, float]:
    """Wall time, and processor time of all threads, of one run."""
    if device == "cuda":
        torch.cuda.synchronize()
    begin, cpu = time.perf_counter(), time.process_time()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return {"ms": 1000 * (time.perf_counter() - begin), "cpu_ms": 1000 * (time.process_time() - cpu)}


def environment(options: argparse.Namespace) -> dict[str, object]:
    name = torch.cuda.get_device_name() if options.device == "cuda" else torch.backends.cpu.get_cpu_capability()
    return {"torch": torch.__version__, "device": name, "threads": torch.get_num_threads()}


def peak_memory_mb(device: str) -> float:
    """Of the GPU where the model lies there, else of this process (Linux counts in KiB, macOS in bytes)."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def serve(model: MedSa, work: Callable[[], object], options: argparse.Namespace) -> None:
    print(json.dumps(environment(options)), flush=True)
    for line in sys.stdin:
        model.use_attention(line.strip())
        try:
            answer = {**timed(work, options.device), "peak_mb": peak_memory_mb(options.device)}
        except RuntimeError as error:  # out of memory, most likely: the other attention may need less
            answer = {"error": str(error).strip().splitlines()[0]}
        print(json.dumps(answer), flush=True)


def measure(model: MedSa, work: Callable[[], object], options: argparse.Namespace) -> dict[str, object]:
    model.use_attention(options.attention)
    for _ in range(2):
        work()
    runs = [timed(work, options.device) for _ in range(options.runs)]
    return {
        **environment(options),
        "median_ms": statistics.median(run["ms"] for run in runs),
        "median_cpu_ms": statistics.median(run["cpu_ms"] for run in runs),
        "runs_ms": [run["ms"] for run in runs],
        "peak_mb": peak_memory_mb(options.device),
    }


def main() -> None:
    options = arguments()
    if options.verify is not None:
        result = verify(options.verify)
        print(json.dumps(result))
        sys.exit(0 if result["holds"] else 1)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    if options.tf32:
        torch.set_float32_matmul_precision("high")
    model, work = workload(options)
    if options.serve:
        serve(model, work, options)
    else:
        print(json.dumps(measure(model, work, options)))


if __name__ == "__main__":
    main()
