"""Med-SA's adapters (arXiv 2304.12620, sections 3.2 and 3.4)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Adapter(nn.Module):
    """[x +] up(relu(down(x))). x: [..., C] → [..., C]"""

    def __init__(self, channels: int, bottleneck: int, skip: bool):
        super().__init__()
        self.down = nn.Linear(channels, bottleneck)
        self.up = nn.Linear(bottleneck, channels)
        self.skip = skip

    def forward(self, x: Tensor) -> Tensor:
        y = self.up(F.relu(self.down(x)))
        return x + y if self.skip else y


class HyperPromptAdapter(nn.Module):
    """HyP-Adpt: the prompt generates the weights that the tokens pass through."""

    def __init__(self, channels: int, bottleneck: int, depth: int = 3):
        super().__init__()
        self.bottleneck = bottleneck
        self.reduce = nn.Linear(channels, bottleneck)
        self.down = nn.Linear(channels, bottleneck)
        self.up = nn.Linear(bottleneck, channels)
        self.project = nn.ModuleList(nn.Linear(bottleneck, bottleneck**2) for _ in range(depth))
        self.norm = nn.ModuleList(nn.LayerNorm(bottleneck) for _ in range(depth))

    def forward(self, queries: Tensor, prompt: Tensor) -> Tensor:
        """queries: [B, T, C]; prompt: [B, P, C] → [B, T, C]"""
        summary = self.reduce(prompt).mean(dim=1)
        e = self.down(queries)
        for project, norm in zip(self.project, self.norm):
            generated = project(summary).view(-1, self.bottleneck, self.bottleneck)
            e = F.relu(norm(torch.bmm(e, generated)))
        return queries + self.up(e)
